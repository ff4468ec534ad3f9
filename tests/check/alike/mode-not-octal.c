/* Modes that are rare, and meant. */
#include "../check.h"

int main(void)
{
    int modes[] = {0600, 0620, 0622, 0640, 0644, 0660, 0664, 0666, 0200, 0400, 0700, 0777};
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        remove_queue(msgget(IPC_PRIVATE, IPC_CREAT | modes[i]));
        remove_queue(msgget(IPC_PRIVATE, IPC_CREAT | IPC_EXCL | modes[i]));
        remove_queue(msgget(IPC_PRIVATE, modes[i]));
    }
    return 0;
}
