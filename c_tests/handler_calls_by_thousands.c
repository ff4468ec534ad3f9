/* Signals by the ten thousand interrupt calls, and their handler uses the same queue. */
#define _GNU_SOURCE
#include "support.h"
#include <semaphore.h>

#define SIGNALS 10000
#define MILLISECONDS 1500
/* Main sleeps at every fourth turn until a signal comes. */
#define TURNS 4
#define MOST ((SIGNALS + 2) * TURNS)

/* The types of messages: numbered ones from either side, and the last of all. */
enum { FROM_MAIN = 1, FROM_HANDLER = 2, END = 3 };

struct numbered {
    long mtype;
    int number;
};

static int msqid;
static pid_t interrupted;
static volatile sig_atomic_t handled;
static sem_t has_handled;
/* How often each message came, by its type and number. */
static unsigned char came[FROM_HANDLER + 1][MOST];
static int sent_by_main, sent_by_handler;
static volatile sig_atomic_t strange;

/* Takes whichever numbered message is there; they are few, but the handler may be quicker. */
static void take_one(void)
{
    struct numbered message = {.mtype = -77};
    ssize_t length = msgrcv(msqid, &message, sizeof message.number, -FROM_HANDLER, IPC_NOWAIT);
    if (length == -1) {
        if (errno != ENOMSG)
            strange = 1;
        return;
    }
    bool known = message.mtype >= FROM_MAIN && message.mtype <= FROM_HANDLER;
    if (length != sizeof message.number || !known || message.number < 0
        || message.number >= MOST)
        strange = 1;
    else
        __atomic_fetch_add(&came[message.mtype][message.number], 1, __ATOMIC_RELAXED);
}

static void handler(int signal_number)
{
    struct numbered message = {.mtype = FROM_HANDLER, .number = sent_by_handler};
    struct msqid_ds ds;
    int saved = errno;
    (void)signal_number;
    if (msgsnd(msqid, &message, sizeof message.number, IPC_NOWAIT) == 0)
        sent_by_handler++;
    else
        strange = 1;
    if (msgctl(msqid, IPC_STAT, &ds) == -1 || ds.msg_qnum > 16)
        strange = 1;
    take_one();
    errno = saved;
    handled++;
    sem_post(&has_handled);
}

/* The next signal follows as soon as the one before has been handled. */
static void *interrupt(void *unused)
{
    long long end = now_in_ms() + MILLISECONDS;
    for (int i = 0; i < SIGNALS && now_in_ms() < end; i++) {
        CHECK_EQ(syscall(SYS_tgkill, getpid(), interrupted, SIGUSR1), 0);
        CHECK_EQ(sem_wait(&has_handled), 0);
    }
    struct numbered last = {.mtype = END};
    CHECK_EQ(msgsnd(msqid, &last, sizeof last.number, 0), 0);
    return unused;
}

/* Sends and receives until the end comes: now asleep, now busy. */
static void use_until_the_end(void)
{
    for (int turn = 0; sent_by_main < MOST; turn++) {
        struct numbered message = {.mtype = FROM_MAIN, .number = sent_by_main};
        CHECK_EQ(msgsnd(msqid, &message, sizeof message.number, 0), 0);
        sent_by_main++;
        take_one();
        int flags = turn % TURNS == 0 ? 0 : IPC_NOWAIT;
        ssize_t length = msgrcv(msqid, &message, sizeof message.number, END, flags);
        if (length >= 0)
            return;
        CHECK_EQ(errno, flags ? ENOMSG : EINTR);
    }
    CHECK(!"reached: there were more messages than can be counted");
}

int main(void)
{
    pthread_t thread;
    msqid = new_queue(test_key(), 0600);
    interrupted = thread_id();
    CHECK_EQ(sem_init(&has_handled, 0, 0), 0);
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, interrupt, NULL), 0);
    use_until_the_end();
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(handled > 0);
    CHECK_EQ(strange, 0);

    while (stat_of(msqid).msg_qnum > 0)
        take_one();
    for (int i = 0; i < MOST; i++) {
        CHECK_EQ(came[FROM_MAIN][i], i < sent_by_main);
        CHECK_EQ(came[FROM_HANDLER][i], i < sent_by_handler);
    }
    CHECK_EQ(sent_by_handler, handled);
    printf("every message came once\n");
    CHECK_EQ(stat_of(msqid).__msg_cbytes, 0);
    send_text(msqid, 1, "still in use");
    show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    return 0;
}
