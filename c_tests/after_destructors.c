/* Calls are made while the program ends: by an atexit handler, a destructor, and after them all. */
#define _GNU_SOURCE
#include "support.h"

static void in_atexit_handler(void)
{
    use_a_queue();
    printf("called by an atexit handler\n");
}

__attribute__((destructor(101))) static void in_destructor(void)
{
    use_a_queue();
    printf("called by the last destructor of the program\n");
}

/*
 * What is still buffered in a stream is written when the C library closes down, after the
 * destructors of every shared library. exit() must not be called again there.
 */
static ssize_t in_last_flush(void *cookie, const char *text, size_t size)
{
    struct message message = {.mtype = 1};
    struct msqid_ds ds;
    int msqid = msgget(IPC_PRIVATE, 0600);
    bool right = msqid != -1 && msgsnd(msqid, &message, 8, 0) == 0
        && msgctl(msqid, IPC_STAT, &ds) == 0 && ds.msg_qnum == 1
        && msgrcv(msqid, &message, TEXT_SIZE, 0, 0) == 8 && msgctl(msqid, IPC_RMID, NULL) == 0;
    (void)cookie;
    if (!right || write(STDOUT_FILENO, text, size) != (ssize_t)size)
        _exit(1);
    return (ssize_t)size;
}

int main(void)
{
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = in_last_flush});
    CHECK(stream);
    CHECK_EQ(setvbuf(stream, NULL, _IOFBF, 256), 0);
    CHECK(fputs("called after all destructors\n", stream) >= 0);
    CHECK_EQ(atexit(in_atexit_handler), 0);
    use_a_queue();
    printf("main returns\n");
    return 0;
}
