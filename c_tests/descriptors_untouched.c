/* Calls leave the descriptors alone: the next file gets the number it always gets. */
#define _GNU_SOURCE
#include "support.h"

static int next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY);
    CHECK(fd != -1);
    CHECK_EQ(close(fd), 0);
    return fd;
}

int main(void)
{
    int first = next_descriptor();
    printf("at the start: %d\n", first);
    use_a_queue();
    CHECK_EQ(next_descriptor(), first);
    pid_t pid = fork_child();
    if (pid == 0) {
        use_a_queue();
        CHECK_EQ(next_descriptor(), first);
        leave_child(0);
    }
    CHECK_EQ(exit_status_of(pid), 0);
    printf("after calls, and in a child: the same\n");
    return 0;
}
