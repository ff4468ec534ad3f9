/* The document's msgctl snippet, to the letter, shows a queue; and says why when it cannot. */
#define _GNU_SOURCE
#include "support.h"

static int snippet(int id_msg)
{
    /* What the snippet expects around it. The fixed pid keeps the output the same. */
    static const char *const argv[] = {"snippet_msgctl", "IPC_STAT"};
    const int pid = 4242;
    int ret;

#include "snippets/msgctl.inc"
    return EXIT_SUCCESS;
}

int main(void)
{
    int msqid = new_queue(test_key(), 0640);
    set_qbytes(msqid, 4096);

    /* The key differs from run to run: the text is caught, the key in it checked and masked. */
    char *text = NULL, key[64];
    size_t size;
    FILE *real_stdout = stdout;
    stdout = open_memstream(&text, &size);
    CHECK(stdout);
    int status = snippet(msqid);
    fclose(stdout);
    stdout = real_stdout;
    CHECK_EQ(status, EXIT_SUCCESS);

    snprintf(key, sizeof key, "__key=%#x\n", (unsigned)test_key());
    char *place = strstr(text, key);
    CHECK(place);
    printf("%.*s__key=KEY\n%s", (int)(place - text), text, place + strlen(key));
    free(text);

    CHECK_EQ(msgctl(msqid, IPC_RMID, NULL), 0);
    CHECK_EQ(snippet(msqid), EXIT_FAILURE);
    return 0;
}
