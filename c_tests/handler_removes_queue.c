/* A SIGTERM handler removes the queue of the very call that it interrupts, asleep or busy. */
#define _GNU_SOURCE
#include "support.h"
#include <semaphore.h>

#define ASLEEP 60
#define BUSY 140

static int msqid;
static pid_t interrupted;
static volatile sig_atomic_t removed;
static sem_t is_busy;

static void handler(int signal_number)
{
    int saved = errno;
    (void)signal_number;
    removed = msgctl(msqid, IPC_RMID, NULL) == 0 ? 1 : -1;
    errno = saved;
}

static void terminate(void *unused)
{
    (void)unused;
    CHECK_EQ(syscall(SYS_tgkill, getpid(), interrupted, SIGTERM), 0);
}

/* One after the other, all with the same key. */
static void make_queue(void)
{
    removed = 0;
    if (owned_count == 0) {
        msqid = new_queue(test_key(), 0600);
        return;
    }
    msqid = msgget(test_key(), 0600 | IPC_CREAT | IPC_EXCL);
    CHECK(msqid != -1);
    owned_queues[0].msqid = msqid;
}

static void expect_it_gone(void)
{
    struct message message = {.mtype = 1};
    CHECK_EQ(removed, 1);
    CHECK(msgsnd(msqid, &message, 1, IPC_NOWAIT) == -1 && errno == EINVAL);
    CHECK(msgrcv(msqid, &message, TEXT_SIZE, 0, 0) == -1 && errno == EINVAL);
    CHECK(msgctl(msqid, IPC_RMID, NULL) == -1 && errno == EINVAL);
    CHECK(msgget(test_key(), 0) == -1 && errno == ENOENT);
}

static void remove_under_a_sleeper(void)
{
    struct message message;
    make_queue();
    when_asleep(terminate, NULL);
    ssize_t answer = msgrcv(msqid, &message, TEXT_SIZE, 0, 0);
    int error = errno;
    helper_done();
    CHECK_EQ(answer, -1);
    /* The handler was called before the queue was gone. */
    CHECK_EQ(error, EINTR);
    expect_it_gone();
}

/* Sends SIGTERM once in each round, somewhat later each time. */
static void *terminate_each_round(void *unused)
{
    for (int round = 1; round <= BUSY; round++) {
        CHECK_EQ(sem_wait(&is_busy), 0);
        for (volatile int delay = 0; delay < round * 97 % 4096; delay++)
            ;
        terminate(NULL);
    }
    return unused;
}

/* One call of a busy loop; false once the queue is no more. */
static bool goes_on(ssize_t answer)
{
    if (answer != -1 || errno == ENOMSG || errno == EAGAIN)
        return true;
    /* EIDRM: the queue went while the call was at work. */
    CHECK(errno == EINVAL || errno == EIDRM);
    return false;
}

static void remove_under_a_busy_caller(int round)
{
    struct message message = {.mtype = 1};
    struct msqid_ds ds;
    bool there = true;
    make_queue();
    CHECK_EQ(sem_post(&is_busy), 0);
    for (int turn = 0; there; turn++) {
        /* Both may have to share one processor. */
        if (turn % 256 == 255)
            usleep(50);
        there = goes_on(msgsnd(msqid, &message, round % TEXT_SIZE, IPC_NOWAIT))
            && goes_on(msgctl(msqid, IPC_STAT, &ds))
            && goes_on(msgrcv(msqid, &message, TEXT_SIZE, 2, IPC_NOWAIT))
            && goes_on(msgrcv(msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT));
    }
    expect_it_gone();
}

int main(void)
{
    pthread_t thread;
    interrupted = thread_id();
    CHECK_EQ(sem_init(&is_busy, 0, 0), 0);
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGTERM, &action, NULL), 0);
    for (int round = 0; round < ASLEEP; round++)
        remove_under_a_sleeper();
    printf("removed under a sleeper: %d queues\n", ASLEEP);
    CHECK_EQ(pthread_create(&thread, NULL, terminate_each_round, NULL), 0);
    for (int round = 1; round <= BUSY; round++)
        remove_under_a_busy_caller(round);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    printf("removed under a busy caller: %d queues\n", BUSY);
    use_a_queue();
    return 0;
}
