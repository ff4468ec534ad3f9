/* What the program made goes when it ends, as late as that can be. */
#include "../check.h"

static int early, late;

static void at_exit(void)
{
    remove_queue(early);
}

__attribute__((destructor)) static void at_the_very_end(void)
{
    remove_queue(late);
}

int main(void)
{
    early = new_queue();
    late = new_queue();
    NEED(atexit(at_exit) == 0);
    return 0;
}
