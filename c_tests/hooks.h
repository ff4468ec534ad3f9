/*
 * What programs with hooks need besides: the two functions, by whatever way they are in the process.
 * A program that is built without the library and preloaded with it looks them up.
 */
#ifndef MSGQ_TEST_HOOKS_H
#define MSGQ_TEST_HOOKS_H

#include "support.h"
#include "../include/msgq.h"

#pragma weak msgq_hook_add
#pragma weak msgq_hook_remove

static inline long hook_add(msgq_before before, msgq_after after, void *data)
{
    long (*add)(msgq_before, msgq_after, void *) = msgq_hook_add;
#ifndef MSGQ_STATIC
    if (!add)
        *(void **)&add = dlsym(RTLD_DEFAULT, "msgq_hook_add");
#endif
    return add(before, after, data);
}

static inline int hook_remove(long id)
{
    int (*remove_hook)(long) = msgq_hook_remove;
#ifndef MSGQ_STATIC
    if (!remove_hook)
        *(void **)&remove_hook = dlsym(RTLD_DEFAULT, "msgq_hook_remove");
#endif
    return remove_hook(id);
}

/* A hook that is there now. */
static inline long new_hook(msgq_before before, msgq_after after, void *data)
{
    long id = hook_add(before, after, data);
    CHECK(id > 0);
    return id;
}

#endif
