/* Two programs that know nothing of each other but a key talk over a queue. */
#define _GNU_SOURCE
#include "support.h"

static int send_all(key_t key)
{
    int msqid = msgget(key, 0600 | IPC_CREAT);
    CHECK(msqid != -1);
    for (int i = 1; i <= 100; i++) {
        struct message message = {.mtype = i};
        int length = sprintf(message.mtext, "message %d", i);
        CHECK_EQ(msgsnd(msqid, &message, (size_t)length, 0), 0);
    }
    return 0;
}

static int receive_all(key_t key)
{
    int msqid = msgget(key, 0600 | IPC_CREAT);
    CHECK(msqid != -1);
    for (int i = 1; i <= 100; i++) {
        char wanted[32];
        struct message message = {0};
        int length = sprintf(wanted, "message %d", i);
        CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, 0), length);
        CHECK_EQ(message.mtype, i);
        CHECK(strcmp(message.mtext, wanted) == 0);
    }
    printf("received 100 messages in the order they were sent\n");
    return 0;
}

static pid_t start(const char *role, const char *key)
{
    const char *path = self_path();
    pid_t pid = fork_child();
    if (pid == 0) {
        execl(path, path, role, key, (char *)NULL);
        _exit(127);
    }
    return pid;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "send") == 0)
        return send_all((key_t)atol(argv[2]));
    if (argc == 3 && strcmp(argv[1], "receive") == 0)
        return receive_all((key_t)atol(argv[2]));

    char key[32];
    snprintf(key, sizeof key, "%ld", (long)test_key());
    pid_t receiver = start("receive", key), sender = start("send", key);
    int sent = exit_status_of(sender), received = exit_status_of(receiver);
    /* Whoever came first has made it. */
    int msqid = msgget(test_key(), 0);
    CHECK(msqid != -1);
    own_queue(msqid);
    CHECK_EQ(sent, 0);
    CHECK_EQ(received, 0);
    CHECK_EQ(stat_of(msqid).msg_lspid, sender);
    CHECK_EQ(stat_of(msqid).msg_lrpid, receiver);
    printf("the queue knows both by their pids\n");
    return 0;
}
