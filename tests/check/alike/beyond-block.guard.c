/* A page of the heap is out of bounds: messages lie behind it, or an address is in it. */
#include "../check.h"

#include <malloc.h>
#include <sys/mman.h>

int main(void)
{
    int id = new_queue();
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    NEED(mallopt(M_MMAP_THRESHOLD, 1 << 30) == 1);
    char *pages = memalign(page, 3 * page);
    NEED(pages && pages < (char *)sbrk(0));
    struct message *message = (struct message *)(pages + page);
    message->mtype = 1;
    NEED(mprotect(pages, page, PROT_NONE) == 0);
    for (int i = 0; i < 100; i++) {
        NEED(msgsnd(id, message, 64, 0) == 0);
        NEED(msgrcv(id, message, 64, 0, 0) == 64);
        NEED(msgsnd(id, pages + 64, 64, 0) == -1 && errno == EFAULT);
        NEED(msgsnd(id, message, 64, 0) == 0);
        NEED(msgrcv(id, pages + 64, 64, 0, 0) == -1 && errno == EFAULT);
    }
    NEED(mprotect(pages, page, PROT_READ | PROT_WRITE) == 0);
    free(pages);
    remove_queue(id);
    return 0;
}
