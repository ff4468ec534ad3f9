/* The library is opened and closed at run time, again and again, and its calls work each time. */
#define _GNU_SOURCE
#include "support.h"

/* The library under test, or else the C library, which has the same four calls. */
static const char *library_path(void)
{
    const char *path = getenv("MSGQ_TEST_LIBRARY");
    return path ? path : "libc.so.6";
}

static struct {
    int (*get)(key_t, int);
    int (*ctl)(int, int, struct msqid_ds *);
    int (*snd)(int, const void *, size_t, int);
    ssize_t (*rcv)(int, void *, size_t, long, int);
} calls;

static void *open_library(void)
{
    void *handle = dlopen(library_path(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        fprintf(stderr, "%s\n", dlerror());
    CHECK(handle);
    *(void **)&calls.get = dlsym(handle, "msgget");
    *(void **)&calls.ctl = dlsym(handle, "msgctl");
    *(void **)&calls.snd = dlsym(handle, "msgsnd");
    *(void **)&calls.rcv = dlsym(handle, "msgrcv");
    CHECK(calls.get && calls.ctl && calls.snd && calls.rcv);
    CHECK_EQ(dlsym(handle, "msgq_version") != NULL, getenv("MSGQ_TEST_LIBRARY") != NULL);
    return handle;
}

/* The queue of the calls that were opened; another engine's than the one this program calls. */
static int opened_queue = -1;

static void remove_opened_queue(void)
{
    if (opened_queue != -1)
        calls.ctl(opened_queue, IPC_RMID, NULL);
    opened_queue = -1;
}

static void use_opened(void)
{
    struct message message = {.mtype = 1, .mtext = "through the handle"};
    struct msqid_ds ds;
    int msqid = calls.get(IPC_PRIVATE, 0600);
    CHECK(msqid != -1);
    opened_queue = msqid;
    CHECK_EQ(calls.snd(msqid, &message, 18, 0), 0);
    CHECK_EQ(calls.ctl(msqid, IPC_STAT, &ds), 0);
    CHECK_EQ(ds.msg_qnum, 1);
    CHECK_EQ(calls.rcv(msqid, &message, TEXT_SIZE, 0, 0), 18);
    CHECK_EQ(calls.ctl(msqid, IPC_RMID, NULL), 0);
    opened_queue = -1;
}

static pthread_barrier_t used, closed;

static void *outlive_the_library(void *unused)
{
    use_opened();
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&closed);
    return unused;
}

int main(void)
{
    CHECK_EQ(atexit(remove_opened_queue), 0);
    for (int i = 1; i <= 5; i++) {
        void *handle = open_library();
        use_opened();
        CHECK_EQ(dlclose(handle), 0);
        printf("opened, used and closed: %d\n", i);
    }

    /* What the library left with a thread must not be run once it is closed. */
    pthread_t thread;
    CHECK_EQ(pthread_barrier_init(&used, NULL, 2), 0);
    CHECK_EQ(pthread_barrier_init(&closed, NULL, 2), 0);
    void *handle = open_library();
    CHECK_EQ(pthread_create(&thread, NULL, outlive_the_library, NULL), 0);
    pthread_barrier_wait(&used);
    CHECK_EQ(dlclose(handle), 0);
    pthread_barrier_wait(&closed);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    printf("a thread that used it ended after it was closed\n");

    pid_t pid = fork_child();
    if (pid == 0) {
        use_a_queue();
        handle = open_library();
        use_opened();
        CHECK_EQ(dlclose(handle), 0);
        leave_child(0);
    }
    CHECK_EQ(exit_status_of(pid), 0);
    use_a_queue();
    printf("a child opened it once more\n");
    return 0;
}
