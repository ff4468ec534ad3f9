/* A program in C as there are many: the document's snippets, and a message sent and received. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/types.h>
#include <unistd.h>

#define KEY_MSG strtol(argv[2], NULL, 0)

/* The snippets name the process; a fixed number keeps the output the same. */
static const int pid = 4242;

struct message {
  long mtype;
  char mtext[64];
};

int main(int argc, char **argv)
{
  int ret;

  if(argc != 3) {
    fprintf(stderr, "usage: %s IPC_STAT KEY\n", argv[0]);
    return EXIT_FAILURE;
  }
#include "snippets/msgget.inc"
  int id_msg = msgq_id;
#include "snippets/msgctl.inc"

  struct message message = { .mtype = 7, .mtext = "hello" };
  if(msgsnd(msgq_id, &message, strlen(message.mtext), 0) == -1)
    perror("msgsnd");
  memset(&message, 0, sizeof message);
  ssize_t length = msgrcv(msgq_id, &message, sizeof message.mtext, 0, IPC_NOWAIT);
  printf("%zd bytes of type %ld: %s\n", length, message.mtype, message.mtext);
  if(msgrcv(msgq_id, &message, sizeof message.mtext, 0, IPC_NOWAIT) == -1)
    printf("then: %s\n", strerror(errno));
  return msgctl(msgq_id, IPC_RMID, NULL) == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}
