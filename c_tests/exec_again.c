/* A program that executes itself again finds its queue, and makes calls as before. */
#define _GNU_SOURCE
#include "support.h"

int main(int argc, char **argv)
{
    int generation = argc == 2 ? atoi(argv[1]) : 0;
    /* The pid stays through exec, and with it the key. */
    if (generation == 0)
        CHECK(msgget(test_key(), IPC_CREAT | IPC_EXCL | 0600) != -1);
    int msqid = msgget(test_key(), 0);
    CHECK(msqid != -1);
    own_queue(msqid);
    if (generation > 0)
        show_received(msqid, TEXT_SIZE, generation, IPC_NOWAIT);
    use_a_queue();
    printf("generation %d made its calls\n", generation);
    if (generation < 3) {
        char next[16];
        snprintf(next, sizeof next, "%d", generation + 1);
        send_text(msqid, generation + 1, "to the next one");
        execl(self_path(), argv[0], next, (char *)NULL);
        CHECK(!"reached: exec came back");
    }
    return 0;
}
