/*
 * What every test program needs: checks that tell what they saw, a key of its own, queues that
 * are removed whatever happens, and a way to act once somebody sleeps in msgsnd or msgrcv.
 *
 * A program prints what it saw in short lines without pids, msqids or times, so that its output
 * is the same on the C library alone as on any library that takes the calls in its place.
 */
#ifndef MSGQ_TEST_SUPPORT_H
#define MSGQ_TEST_SUPPORT_H

#ifndef _GNU_SOURCE
#error "a test program starts with #define _GNU_SOURCE"
#endif

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Older C libraries do not name it. */
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif

/* Fails the program, telling where, what and errno, when CONDITION does not hold. */
#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            int check_errno = errno;                                                      \
            fprintf(stderr, "%s:%d: not so: %s (errno %d, %s)\n", __FILE__, __LINE__,     \
                    #condition, check_errno, strerror(check_errno));                      \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

/* The same for two integers that are to be equal; both values are shown. */
#define CHECK_EQ(seen, wanted)                                                            \
    do {                                                                                  \
        long long check_seen = (long long)(seen), check_wanted = (long long)(wanted);     \
        if (check_seen != check_wanted) {                                                 \
            int check_errno = errno;                                                      \
            fprintf(stderr, "%s:%d: %s is %lld, not %s, which is %lld (errno %d, %s)\n",  \
                    __FILE__, __LINE__, #seen, check_seen, #wanted, check_wanted,         \
                    check_errno, strerror(check_errno));                                  \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

/* The call is to give VALUE; the call and what it gave become a line of output. */
#define GIVES(value, call)                                                                \
    do {                                                                                  \
        long long gives_wanted = (long long)(value), gives_seen = (long long)(call);      \
        CHECK_EQ(gives_seen, gives_wanted);                                               \
        printf("%s: %lld\n", #call, gives_seen);                                          \
    } while (0)

/* The call is to give -1 and leave ERROR in errno; that becomes a line of output too. */
#define FAILS(error, call)                                                                \
    do {                                                                                  \
        errno = 0;                                                                        \
        long long fails_seen = (long long)(call);                                         \
        int fails_errno = errno;                                                          \
        CHECK_EQ(fails_seen, -1);                                                         \
        CHECK_EQ(fails_errno, error);                                                     \
        printf("%s: -1 %s\n", #call, #error);                                             \
    } while (0)

/* ------------------------------------------------------------------ the engine */

/* Whether the queues are the kernel's, as they always are on the C library alone. */
static inline bool queues_are_the_kernels(void)
{
    const char *engine = getenv("MSGQ_ENGINE");
    return !engine || strcmp(engine, "kernel") == 0;
}

/* A limit of the queues: the machine's, or with other engines the one that Linux starts with. */
static inline long limit_of_queues(const char *name)
{
    if (!queues_are_the_kernels())
        return strcmp(name, "msgmax") == 0 ? 8192 : strcmp(name, "msgmnb") == 0 ? 16384 : 32000;
    char path[64];
    long value;
    snprintf(path, sizeof path, "/proc/sys/kernel/%s", name);
    FILE *file = fopen(path, "r");
    CHECK(file);
    CHECK_EQ(fscanf(file, "%ld", &value), 1);
    fclose(file);
    return value;
}

/* ------------------------------------------------------------------ keys and queues */

#define TEST_KEY_PREFIX 0x4d000000

/* One of four keys that no other process uses as long as this one lives. */
static inline key_t test_key_of(pid_t pid, int number)
{
    return TEST_KEY_PREFIX | (number & 3) << 22 | (pid & 0x3fffff);
}

static inline key_t test_key(void)
{
    return test_key_of(getpid(), 0);
}

static inline key_t second_test_key(void)
{
    return test_key_of(getpid(), 1);
}

static struct {
    pid_t maker;
    int msqid;
} owned_queues[128];
static unsigned owned_count;

/* Only the process that made a queue removes it: an atexit handler runs in forked children too. */
static inline void remove_owned_queues(void)
{
    int saved = errno;
    for (unsigned i = 0; i < owned_count && i < 128; i++)
        if (owned_queues[i].maker == getpid())
            msgctl(owned_queues[i].msqid, IPC_RMID, NULL);
    owned_count = 0;
    errno = saved;
}

static inline void own_queue(int msqid)
{
    if (owned_count == 0)
        atexit(remove_owned_queues);
    CHECK(owned_count < 128);
    owned_queues[owned_count].maker = getpid();
    owned_queues[owned_count].msqid = msqid;
    owned_count++;
}

/* A queue that is removed when this process ends, however that comes about. */
static inline int new_queue(key_t key, int mode)
{
    int msqid = msgget(key, mode | IPC_CREAT | IPC_EXCL);
    CHECK(msqid != -1);
    own_queue(msqid);
    return msqid;
}

static inline struct msqid_ds stat_of(int msqid)
{
    struct msqid_ds ds;
    memset(&ds, 0xa5, sizeof ds);
    CHECK_EQ(msgctl(msqid, IPC_STAT, &ds), 0);
    return ds;
}

static inline void set_qbytes(int msqid, unsigned long qbytes)
{
    struct msqid_ds ds = stat_of(msqid);
    ds.msg_qbytes = qbytes;
    CHECK_EQ(msgctl(msqid, IPC_SET, &ds), 0);
    CHECK_EQ(stat_of(msqid).msg_qbytes, qbytes);
}

/* ------------------------------------------------------------------ messages */

#define TEXT_SIZE 128

struct message {
    long mtype;
    char mtext[TEXT_SIZE];
};

static inline void send_text(int msqid, long mtype, const char *text)
{
    struct message message = {.mtype = mtype};
    CHECK(strlen(text) <= TEXT_SIZE);
    memcpy(message.mtext, text, strlen(text));
    CHECK_EQ(msgsnd(msqid, &message, strlen(text), IPC_NOWAIT), 0);
}

/* Receives into a buffer full of '.', and shows how far it was written. */
static inline void show_received(int msqid, size_t size, long mtype, int flags)
{
    struct message message = {.mtype = -77};
    CHECK(size <= TEXT_SIZE);
    memset(message.mtext, '.', TEXT_SIZE);
    ssize_t length = msgrcv(msqid, &message, size, mtype, flags);
    CHECK(length >= 0);
    for (size_t i = (size_t)length; i < TEXT_SIZE; i++)
        CHECK_EQ(message.mtext[i], '.');
    printf("received: mtype %ld, %zd bytes \"%.*s\"\n", message.mtype, length, (int)length,
           message.mtext);
}

/* Every call once, on a queue of this process's own; no trace of it is left. */
static inline void use_a_queue(void)
{
    struct message message = {.mtype = 3, .mtext = "to myself"};
    int msqid = msgget(IPC_PRIVATE, 0600);
    CHECK(msqid != -1);
    CHECK_EQ(msgsnd(msqid, &message, 9, 0), 0);
    CHECK_EQ(stat_of(msqid).msg_lspid, getpid());
    memset(&message, 0, sizeof message);
    CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, 0), 9);
    CHECK_EQ(message.mtype, 3);
    CHECK(memcmp(message.mtext, "to myself", 10) == 0);
    CHECK_EQ(msgctl(msqid, IPC_RMID, NULL), 0);
}

/* ------------------------------------------------------------------ processes and threads */

static inline void nap(void)
{
    struct timespec two_milliseconds = {.tv_nsec = 2000000};
    nanosleep(&two_milliseconds, NULL);
}

static inline long long now_in_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Polls CONDITION and fails the program when it does not come true within fifteen seconds. */
#define WAIT_UNTIL(condition)                                                             \
    do {                                                                                  \
        long long wait_end = now_in_ms() + 15000;                                         \
        while (!(condition)) {                                                            \
            CHECK(now_in_ms() < wait_end);                                                \
            nap();                                                                        \
        }                                                                                 \
    } while (0)

static inline pid_t thread_id(void)
{
    return (pid_t)syscall(SYS_gettid);
}

static inline bool read_task_file(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        return false;
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* The state letter of a task ('S' asleep, 'T' stopped, ...), or '?'. */
static inline char task_state(pid_t pid, pid_t tid)
{
    char text[512];
    if (!read_task_file(pid, tid, "stat", text, sizeof text))
        return '?';
    const char *after_name = strrchr(text, ')');
    return after_name && after_name[1] ? after_name[2] : '?';
}

/* Whether the system call number is one in which a queue's waiters sleep. */
static inline bool sleeps_for_a_queue(long number)
{
#ifdef SYS_msgrcv
    if (number == SYS_msgrcv || number == SYS_msgsnd)
        return true;
#endif
#ifdef SYS_ipc
    if (number == SYS_ipc)
        return true;
#endif
    /* Engines outside the kernel have only this to sleep in. */
    return !queues_are_the_kernels() && number == SYS_futex;
}

/*
 * Whether the task sleeps in msgsnd or msgrcv. Some machines hide the call a task is in; there,
 * a task that is found asleep many times in a row is taken to have arrived.
 */
static inline bool asleep_in_call(pid_t pid, pid_t tid)
{
    char text[256], *end;
    if (read_task_file(pid, tid, "syscall", text, sizeof text)) {
        long number = strtol(text, &end, 10);
        return end != text && sleeps_for_a_queue(number) && task_state(pid, tid) == 'S';
    }
    for (int i = 0; i < 25; i++) {
        if (task_state(pid, tid) != 'S')
            return false;
        nap();
    }
    return true;
}

static struct {
    pthread_t thread;
    pid_t sleeper;
    void (*act)(void *);
    void *argument;
} helper;

static inline void *helper_main(void *unused)
{
    WAIT_UNTIL(asleep_in_call(getpid(), helper.sleeper));
    helper.act(helper.argument);
    return unused;
}

/* Another thread calls ACT as soon as the caller of this function sleeps in msgsnd or msgrcv. */
static inline void when_asleep(void (*act)(void *), void *argument)
{
    helper.sleeper = thread_id();
    helper.act = act;
    helper.argument = argument;
    CHECK_EQ(pthread_create(&helper.thread, NULL, helper_main, NULL), 0);
}

static inline void helper_done(void)
{
    CHECK_EQ(pthread_join(helper.thread, NULL), 0);
}

/* fork() for a child that does not outlive the test. */
static inline pid_t fork_child(void)
{
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid != -1);
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

/* Waits for the child; gives its exit status, or -1 when it did not exit by itself. */
static inline int exit_status_of(pid_t pid)
{
    int status;
    pid_t seen;
    do
        seen = waitpid(pid, &status, 0);
    while (seen == -1 && errno == EINTR);
    CHECK_EQ(seen, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The path of this program, for those that start it again. */
static inline const char *self_path(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    CHECK(length > 0);
    path[length] = '\0';
    return path;
}

#define STRANGER 65534

/* Turns this process for good into another user without privileges, where that is possible. */
static inline bool become_stranger(void)
{
    if (geteuid() != 0)
        return false;
    return setgroups(0, NULL) == 0 && setresgid(STRANGER, STRANGER, STRANGER) == 0
        && setresuid(STRANGER, STRANGER, STRANGER) == 0;
}

/* Leaves this process without privileges: as a stranger for root, as he is for anybody else. */
static inline bool drop_privileges(void)
{
    return geteuid() != 0 || become_stranger();
}

/* The end of a forked child: what it made goes, and what its parent registered does not run. */
static inline _Noreturn void leave_child(int status)
{
    remove_owned_queues();
    fflush(NULL);
    _exit(status);
}

/* Exit status of a child that could not become somebody else. */
#define NO_STRANGER 77

/* Waits for a child that leaves with 0 when all was right, or with NO_STRANGER. */
static inline void expect_stranger_content(pid_t pid)
{
    int status = exit_status_of(pid);
    if (status == NO_STRANGER)
        printf("not tried: nobody here can become another user\n");
    else
        CHECK_EQ(status, 0);
}

/* ------------------------------------------------------------------ start of every program */

extern const char *msgq_version(void) __attribute__((weak));

/*
 * MSGQ_TEST_EXPECT says whether the library is to be in this process. A weak reference pulls no
 * member out of an archive, so where the marker is bound, a call made it come in. In a dynamic
 * program the calls must moreover come from the same object as the marker; msgget and msgctl stand
 * for all four, since the address sanitizer puts functions of its own before the other two.
 */
static inline void marker_check(void)
{
    const char *expect = getenv("MSGQ_TEST_EXPECT");
    if (!expect)
        return;
    const char *(*marker)(void) = msgq_version;
#ifndef MSGQ_STATIC
    if (!marker)
        *(void **)&marker = dlsym(RTLD_DEFAULT, "msgq_version");
#endif
    if (strcmp(expect, "absent") == 0) {
        CHECK(!marker);
        return;
    }
    CHECK(strcmp(expect, "present") == 0);
    CHECK(marker);
    CHECK(marker()[0] != '\0');
#ifndef MSGQ_STATIC
    Dl_info of_marker, of_msgget, of_msgctl;
    int (*get)(key_t, int) = msgget;
    int (*ctl)(int, int, struct msqid_ds *) = msgctl;
    CHECK(dladdr(*(void **)&marker, &of_marker));
    CHECK(dladdr(*(void **)&get, &of_msgget));
    CHECK(dladdr(*(void **)&ctl, &of_msgctl));
    CHECK(of_msgget.dli_fbase == of_marker.dli_fbase);
    CHECK(of_msgctl.dli_fbase == of_marker.dli_fbase);
#endif
}

static inline void watchdog(int signal_number)
{
    static const char text[] = "stopped by the watchdog\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    (void)signal_number;
    /* Lets go whoever sleeps at these queues. */
    remove_owned_queues();
    _exit(3);
}

__attribute__((constructor)) static void start_of_test(void)
{
    /* Whole lines, so that those of several processes stand in the order they were printed in. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct sigaction action = {.sa_handler = watchdog};
    sigaction(SIGALRM, &action, NULL);
    /* Valgrind needs more than the usual twenty seconds on a busy machine. */
    const char *seconds = getenv("MSGQ_TEST_SECONDS");
    alarm(seconds ? (unsigned)atoi(seconds) : 20);
    marker_check();
}

#endif
