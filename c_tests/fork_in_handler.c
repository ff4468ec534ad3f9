/* A handler that interrupts calls forks; parent and child both go on using the queue. */
#define _GNU_SOURCE
#include "support.h"
#include <sched.h>
#include <semaphore.h>

#define FORKS 60

struct numbered {
    long mtype;
    int number;
};

static int msqid;
static pid_t parent, interrupted;
static volatile sig_atomic_t inside, forked, child_returns;
static pid_t children[FORKS];
static sem_t has_handled;
static _Atomic bool enough;

/* What a child does on its own: its type is its pid. */
static void talk_as_child(void)
{
    for (int i = 0; i < 10; i++) {
        struct numbered message = {.mtype = getpid(), .number = i};
        CHECK_EQ(msgsnd(msqid, &message, sizeof message.number, 0), 0);
        CHECK_EQ(msgrcv(msqid, &message, sizeof message.number, getpid(), 0), sizeof(int));
        CHECK_EQ(message.number, i);
    }
    _exit(0);
}

static void handler(int signal_number)
{
    int saved = errno;
    (void)signal_number;
    if (inside && forked < FORKS && getpid() == parent) {
        pid_t pid = fork();
        CHECK(pid != -1);
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (!child_returns)
                talk_as_child();
            errno = saved;
            return;
        }
        children[forked++] = pid;
        /* A child that finishes the interrupted call is not to take turns with its parent. */
        if (child_returns)
            CHECK_EQ(exit_status_of(pid), 0);
    }
    sem_post(&has_handled);
    errno = saved;
}

static void *interrupt(void *unused)
{
    for (int i = 0; !enough; i++) {
        for (volatile int delay = 0; delay < i * 97 % 8192; delay++)
            ;
        CHECK_EQ(syscall(SYS_tgkill, parent, interrupted, SIGUSR1), 0);
        CHECK_EQ(sem_wait(&has_handled), 0);
    }
    return unused;
}

/*
 * On a busy machine the other thread has its turn only when this one gives way. Half of the time that is
 * here, so that its signals come while this one is inside.
 */
static void give_way(int round)
{
    if (round % 2 == 0)
        sched_yield();
}

static void child_goes_its_way(void)
{
    if (getpid() != parent)
        talk_as_child();
}

/* The parent's calls while its children make theirs: none of them notices the others. */
static void talk_beside_children(void)
{
    child_returns = 0;
    for (int i = 0; forked < FORKS; i++) {
        struct numbered message = {.mtype = 1, .number = i};
        inside = 1;
        int sent = msgsnd(msqid, &message, sizeof message.number, 0);
        give_way(i);
        message.number = -1;
        ssize_t length = msgrcv(msqid, &message, sizeof message.number, 1, 0);
        inside = 0;
        CHECK_EQ(sent, 0);
        CHECK_EQ(length, sizeof message.number);
        CHECK_EQ(message.number, i);
    }
    for (int left = forked; left > 0; left--)
        CHECK_EQ(exit_status_of(children[left - 1]), 0);
}

/*
 * Where the signal comes in between, both make the call that is about to begin. So a message may be
 * sent or received twice in a round in which there was a fork; never in another.
 */
static void talk_in_turns(void)
{
    child_returns = 1;
    forked = 0;
    for (int i = 0; forked < FORKS; i++) {
        struct numbered message = {.mtype = 1, .number = i};
        int before = forked;
        inside = 1;
        int sent = msgsnd(msqid, &message, sizeof message.number, 0);
        give_way(i);
        child_goes_its_way();
        ssize_t length = msgrcv(msqid, &message, sizeof message.number, 1, IPC_NOWAIT);
        inside = 0;
        child_goes_its_way();
        CHECK_EQ(sent, 0);
        if (forked == before)
            CHECK_EQ(length, sizeof message.number);
        else
            CHECK(length == sizeof message.number || errno == ENOMSG);
        CHECK_EQ(message.number, i);
        int more = 0;
        while (msgrcv(msqid, &message, sizeof message.number, 1, IPC_NOWAIT) != -1) {
            CHECK_EQ(message.number, i);
            more++;
        }
        CHECK(more + (length != -1) <= 1 + forked - before);
    }
}

int main(void)
{
    pthread_t thread;
    msqid = new_queue(test_key(), 0600);
    parent = getpid();
    interrupted = thread_id();
    CHECK_EQ(sem_init(&has_handled, 0, 0), 0);
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, interrupt, NULL), 0);
    talk_beside_children();
    printf("parent and children talked side by side\n");
    talk_in_turns();
    printf("children finished the call, and the parent too\n");
    enough = true;
    CHECK_EQ(pthread_join(thread, NULL), 0);
    struct msqid_ds ds = stat_of(msqid);
    CHECK_EQ(ds.msg_qnum, 0);
    CHECK_EQ(ds.__msg_cbytes, 0);
    use_a_queue();
    return 0;
}
