/* Answers the four calls at once. Under it, what a call costs is what the library costs. */
#include <stddef.h>
#include <sys/types.h>

int msgget(int key, int msgflg) { (void)key; (void)msgflg; return 5; }
int msgctl(int msqid, int cmd, void *buf) { (void)msqid; (void)cmd; (void)buf; return 0; }
int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg)
{
    (void)msqid; (void)msgp; (void)msgsz; (void)msgflg;
    return 0;
}
ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg)
{
    (void)msqid; (void)msgp; (void)msgtyp; (void)msgflg;
    return (ssize_t)msgsz;
}
