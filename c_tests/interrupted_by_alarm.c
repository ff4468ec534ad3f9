/* An alarm of a whole second ends a call that was made right after it was set. */
#define _GNU_SOURCE
#include "support.h"

#define MOST 5

static volatile sig_atomic_t alarms;

static void handler(int signal_number)
{
    (void)signal_number;
    alarms = alarms + 1;
    if (alarms == MOST)
        _exit(2);
    alarm(1);
}

int main(void)
{
    struct message message;
    int msqid = new_queue(test_key(), 0600);
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    alarm(1);
    CHECK(msgrcv(msqid, &message, TEXT_SIZE, 0, 0) == -1 && errno == EINTR);
    CHECK_EQ(alarms, 1);
    alarm(0);
    printf("the first alarm ended it\n");
    return 0;
}
