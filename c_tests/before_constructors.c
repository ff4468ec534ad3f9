/* Calls are made before any constructor, those of shared libraries included. */
#define _GNU_SOURCE
#include "support.h"

static int seen[6];
static char received[16];

/* Nothing of the C library beyond the calls may be relied on this early, and no checks either. */
__attribute__((no_sanitize("address", "undefined"))) static void
call_early(int argc, char **argv, char **environment)
{
    (void)argc;
    (void)argv;
    (void)environment;
    struct {
        long mtype;
        char mtext[16];
    } message = {9, "early"};
    struct msqid_ds ds;
    int msqid = msgget(IPC_PRIVATE, 0600);
    seen[0] = msqid != -1;
    seen[1] = msgsnd(msqid, &message, 5, 0);
    seen[2] = msgctl(msqid, IPC_STAT, &ds) == 0 ? (int)ds.msg_qnum : -1;
    seen[3] = (int)msgrcv(msqid, &message, sizeof message.mtext, 9, 0);
    for (int i = 0; i < 5; i++)
        received[i] = message.mtext[i];
    seen[4] = msgctl(msqid, IPC_RMID, (void *)0);
    seen[5] = msgsnd(msqid, &message, 5, 0) == -1 && errno == EINVAL;
}

/* The dynamic linker runs these of the executable before everything else, a static one as well. */
typedef void first_function(int, char **, char **);
__attribute__((section(".preinit_array"), used)) static first_function *const first = call_early;

int main(void)
{
    printf("msgget %d, msgsnd %d, qnum %d, msgrcv %d \"%s\", IPC_RMID %d, then EINVAL %d\n",
           seen[0], seen[1], seen[2], seen[3], received, seen[4], seen[5]);
    CHECK_EQ(seen[0], 1);
    CHECK_EQ(seen[1], 0);
    CHECK_EQ(seen[2], 1);
    CHECK_EQ(seen[3], 5);
    CHECK(strcmp(received, "early") == 0);
    CHECK_EQ(seen[4], 0);
    CHECK_EQ(seen[5], 1);
    use_a_queue();
    printf("and later calls work too\n");
    return 0;
}
