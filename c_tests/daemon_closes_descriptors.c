/* A daemon closes every descriptor and opens files of its own: they hold only what it wrote. */
#define _GNU_SOURCE
#include "support.h"

#define FILES 40

static int failed_in_daemon(int place)
{
    /* Descriptors 1 and 2 are files by now: the exit status is all that is left. */
    remove_owned_queues();
    _exit(place);
}

#define IN_DAEMON(place, condition) ((condition) ? 0 : failed_in_daemon(place))

static void write_line(int fd, int file, const char *what)
{
    char line[64];
    int length = snprintf(line, sizeof line, "file %d: %s\n", file, what);
    IN_DAEMON(10, write(fd, line, (size_t)length) == length);
}

static void calls(void)
{
    struct message message = {.mtype = 1};
    struct msqid_ds ds;
    int msqid = msgget(IPC_PRIVATE, 0600);
    IN_DAEMON(11, msqid != -1);
    IN_DAEMON(12, msgsnd(msqid, &message, 64, 0) == 0);
    IN_DAEMON(13, msgctl(msqid, IPC_STAT, &ds) == 0 && ds.msg_qnum == 1);
    IN_DAEMON(14, msgrcv(msqid, &message, TEXT_SIZE, 0, 0) == 64);
    IN_DAEMON(15, msgctl(msqid, IPC_RMID, NULL) == 0);
}

static void be_daemon(void)
{
    calls();
    IN_DAEMON(20, setsid() != -1);
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    for (int file = 0; file < FILES; file++) {
        char name[16];
        snprintf(name, sizeof name, "%d", file);
        /* The lowest number that is free: none was kept open behind the daemon's back. */
        IN_DAEMON(21, open(name, O_RDWR | O_CREAT | O_EXCL, 0600) == file);
        write_line(file, file, "before the calls");
    }
    for (int i = 0; i < 100; i++)
        calls();
    for (int file = 0; file < FILES; file++)
        write_line(file, file, "after the calls");

    pid_t pid = fork();
    IN_DAEMON(22, pid != -1);
    if (pid == 0) {
        calls();
        _exit(0);
    }
    int status;
    IN_DAEMON(23, waitpid(pid, &status, 0) == pid && status == 0);
    calls();

    for (int file = 0; file < FILES; file++) {
        char wanted[128], seen[256];
        int length = snprintf(wanted, sizeof wanted,
                              "file %d: before the calls\nfile %d: after the calls\n", file, file);
        IN_DAEMON(24, lseek(file, 0, SEEK_CUR) == length);
        IN_DAEMON(25, pread(file, seen, sizeof seen, 0) == length);
        IN_DAEMON(26, memcmp(seen, wanted, (size_t)length) == 0);
    }
    _exit(0);
}

int main(void)
{
    char directory[] = "/tmp/msgq-test-XXXXXX";
    CHECK(mkdtemp(directory));
    CHECK_EQ(chdir(directory), 0);
    pid_t pid = fork_child();
    if (pid == 0)
        be_daemon();
    int status = exit_status_of(pid);
    for (int file = 0; file < FILES; file++) {
        char name[16];
        snprintf(name, sizeof name, "%d", file);
        unlink(name);
    }
    CHECK_EQ(rmdir(directory), 0);
    /* Not 0: the number names the place in the daemon. */
    CHECK_EQ(status, 0);
    printf("%d files, all as they were written\n", FILES);
    return 0;
}
