/* Several hooks: their order, their number, and those that go. */
#define _GNU_SOURCE
#include "hooks.h"

#define MOST 16

static char order[64];
static size_t length;

static void note(char letter)
{
    CHECK(length < sizeof order - 1);
    order[length++] = letter;
}

static int before(msgq_call *call, void *letter)
{
    (void)call;
    note(*(char *)letter);
    return 0;
}

static void after(const msgq_call *call, void *letter)
{
    (void)call;
    note((char)(*(char *)letter - 'a' + 'A'));
}

static void call_shows(const char *wanted)
{
    length = 0;
    memset(order, 0, sizeof order);
    FAILS(EINVAL, msgctl(-1, IPC_RMID, NULL));
    if (strcmp(order, wanted) != 0) {
        fprintf(stderr, "the hooks came as \"%s\", not as \"%s\"\n", order, wanted);
        exit(1);
    }
}

int main(void)
{
    static char letters[] = "abcdefghijklmnopqrstuvwxyz";
    long ids[MOST + 1];
    call_shows("");
    ids[0] = new_hook(before, after, &letters[0]);
    ids[1] = new_hook(before, NULL, &letters[1]);
    ids[2] = new_hook(NULL, after, &letters[2]);
    ids[3] = new_hook(before, after, &letters[3]);
    call_shows("abdDCA");
    CHECK_EQ(hook_remove(ids[1]), 0);
    call_shows("adDCA");
    ids[1] = new_hook(before, after, &letters[4]);
    call_shows("adeEDCA");
    CHECK_EQ(hook_remove(ids[0]), 0);
    call_shows("deEDC");
    /* Removed twice is removed. */
    CHECK_EQ(hook_remove(ids[0]), 0);
    call_shows("deEDC");
    for (int i = 1; i <= 3; i++)
        CHECK_EQ(hook_remove(ids[i]), 0);
    call_shows("");

    for (int i = 0; i < MOST; i++)
        ids[i] = new_hook(before, NULL, &letters[i]);
    call_shows("abcdefghijklmnop");
    FAILS(ENOSPC, hook_add(before, NULL, &letters[20]));
    CHECK_EQ(hook_remove(ids[7]), 0);
    ids[7] = new_hook(before, NULL, &letters[20]);
    call_shows("abcdefgijklmnopu");

    FAILS(EINVAL, hook_add(NULL, NULL, letters));
    FAILS(EINVAL, hook_remove(0));
    FAILS(EINVAL, hook_remove(-1));
    FAILS(EINVAL, hook_remove(ids[7] + 1));
    return 0;
}
