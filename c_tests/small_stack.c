/* Calls are content with the smallest stack that a thread may have. */
#define _GNU_SOURCE
#include "support.h"

static void *on_a_small_stack(void *unused)
{
    use_a_queue();
    struct message message;
    FAILS(EINVAL, msgrcv(-1, &message, TEXT_SIZE, 0, IPC_NOWAIT));
    return unused;
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)), 0);
    CHECK_EQ(pthread_create(&thread, &attributes, on_a_small_stack, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    printf("the thread made its calls\n");
    return 0;
}
