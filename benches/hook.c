/* A hook that does nothing, before and after each call. Preloaded beside the library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

static int before(void *call, void *data) { (void)call; (void)data; return 0; }
static void after(const void *call, void *data) { (void)call; (void)data; }

__attribute__((constructor)) static void add(void)
{
    long (*add)(int (*)(void *, void *), void (*)(const void *, void *), void *);
    *(void **)&add = dlsym(RTLD_DEFAULT, "msgq_hook_add");
    if (!add || add(before, after, NULL) == -1)
        abort();
}
