/* The document's msgget snippet, to the letter, creates a queue. */
#define _GNU_SOURCE
#include "support.h"

#define KEY_MSG test_key()

/* The snippet names the process in its message; a fixed number keeps the output the same. */
static const int pid = 4242;

static int made = -1;

static int snippet(void)
{
#include "snippets/msgget.inc"
    made = msgq_id;
    return EXIT_SUCCESS;
}

int main(void)
{
    CHECK_EQ(snippet(), EXIT_SUCCESS);
    own_queue(made);
    int first = made;
    CHECK_EQ(stat_of(first).msg_perm.mode & 0777, 0666);
    printf("the queue is there, with mode 0666\n");
    CHECK_EQ(snippet(), EXIT_SUCCESS);
    CHECK_EQ(made, first);
    printf("the second time it is the same one\n");

    /* A queue without permissions makes the snippet take its other branch. */
    pid_t child = fork_child();
    if (child == 0) {
        if (!drop_privileges())
            leave_child(NO_STRANGER);
        own_queue(msgget(second_test_key(), IPC_CREAT | IPC_EXCL));
#undef KEY_MSG
#define KEY_MSG second_test_key()
#include "snippets/msgget.inc"
        leave_child(2);
    }
    int status = exit_status_of(child);
    if (status == NO_STRANGER)
        printf("not tried: nobody here can become another user\n");
    else
        CHECK_EQ(status, EXIT_FAILURE);
    return 0;
}
