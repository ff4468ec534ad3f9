/* A child by vfork executes a program that makes calls, while its parent goes on calling. */
#define _GNU_SOURCE
#include "support.h"

static int second_program(key_t key)
{
    int msqid = msgget(key, 0);
    CHECK(msqid != -1);
    show_received(msqid, TEXT_SIZE, 1, IPC_NOWAIT);
    send_text(msqid, 2, "to the parent");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2)
        return second_program((key_t)atol(argv[1]));

    int msqid = new_queue(test_key(), 0600);
    char key[32];
    snprintf(key, sizeof key, "%ld", (long)test_key());
    char *const arguments[] = {argv[0], key, NULL};
    const char *path = self_path();
    for (int i = 0; i < 3; i++) {
        send_text(msqid, 1, "to the child");
        pid_t pid = vfork();
        if (pid == 0) {
            execv("/nonexistent/program", arguments);
            execv(path, arguments);
            _exit(127);
        }
        CHECK(pid != -1);
        use_a_queue();
        CHECK_EQ(exit_status_of(pid), 0);
        show_received(msqid, TEXT_SIZE, 2, IPC_NOWAIT);
    }
    return 0;
}
