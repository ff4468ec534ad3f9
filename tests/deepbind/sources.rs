//! The C sources.

/// What a plug-in needs, and finds beside itself by its own RUNPATH.
/// The program has a function of a name that is defined here, too.
pub const PART: &str = "int part(void) { return 42; }\nint whose(void) { return 1; }\n";

/// A plug-in that uses a queue.
pub const PLUGIN: &str = r#"
#include <string.h>
#include <sys/msg.h>
int part(void), whose(void);
int finds(void) { return whose(); }
int use_queue(void)
{
    struct { long mtype; char mtext[16]; } message = {3, "by a plug-in"};
    struct msqid_ds data;
    int id = msgget(IPC_PRIVATE, 0600);
    int sent = msgsnd(id, &message, 12, 0);
    int is_there = msgctl(id, IPC_STAT, &data) == 0 && data.msg_qnum == 1;
    memset(&message, 0, sizeof message);
    long got = msgrcv(id, &message, sizeof message.mtext, -5, 0);
    int gone = msgctl(id, IPC_RMID, 0);
    return sent == 0 && is_there && got == 12 && message.mtype == 3 && gone == 0 && part() == 42;
}
int has_these_calls(void **calls)
{
    return calls[0] == (void *)msgget && calls[1] == (void *)msgctl && calls[2] == (void *)msgsnd
        && calls[3] == (void *)msgrcv;
}
"#;

/// Opens the plug-in in every mode, in a process for each, since what is loaded stays as it is. The
/// plug-in is found by the RUNPATH of this program, which is relative to where it is.
pub const PROGRAM: &str = r#"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main_has_this = 7;
int whose(void) { return 2; }

/* What everybody finds. */
static void *calls[4];

static int yes(void *plugin, const char *question)
{
    int (*ask)(void **) = (int (*)(void **))dlsym(plugin, question);
    return ask ? ask(calls) : -1;
}

static void open_in_mode(int mode)
{
    const char *file = "libplugin.so";
    errno = 77;
    void *early = dlopen(file, mode | RTLD_NOLOAD);
    printf("%s before, ", early ? "there" : "not there");
    void *plugin = dlopen(file, mode & ~RTLD_NOLOAD);
    if (!plugin) {
        printf("%s\n", dlerror());
        return;
    }
    printf("opened, %s again, ", dlopen(file, mode) == plugin ? "the same" : "another");
    printf("%s, ", dlsym(RTLD_DEFAULT, "use_queue") ? "for all" : "for one");
    printf("used: %d, ", yes(plugin, "use_queue"));
    printf("everybody's calls: %d, ", yes(plugin, "has_these_calls"));
    printf("finds that of %s first, ", yes(plugin, "finds") == 1 ? "its own" : "everybody");
    dlclose(plugin);
    dlclose(plugin);
    printf("%s after\n", dlopen(file, RTLD_LAZY | RTLD_NOLOAD) ? "there" : "not there");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return argv[1] == NULL; /* to do nothing */
    const char *names[4] = {"msgget", "msgctl", "msgsnd", "msgrcv"};
    for (int i = 0; i < 4; i++)
        calls[i] = dlsym(RTLD_DEFAULT, names[i]);
    for (int bits = 0; bits < 32; bits++) {
        int mode = (bits & 1 ? RTLD_NOW : RTLD_LAZY) | (bits & 2 ? RTLD_GLOBAL : RTLD_LOCAL)
            | (bits & 4 ? RTLD_DEEPBIND : 0) | (bits & 8 ? RTLD_NODELETE : 0) | (bits & 16 ? RTLD_NOLOAD : 0);
        printf("%s%s%s%s%s: ", bits & 1 ? "now" : "lazy", bits & 2 ? " global" : " local",
            bits & 4 ? " deepbind" : "", bits & 8 ? " nodelete" : "", bits & 16 ? " noload" : "");
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            open_in_mode(mode);
            fflush(stdout);
            _exit(0);
        }
        int status = -1;
        if (child == -1 || waitpid(child, &status, 0) == -1 || status != 0)
            printf("ended with %d\n", status);
    }
    void *self = dlopen(NULL, RTLD_LAZY | RTLD_DEEPBIND);
    int *own = self ? dlsym(self, "main_has_this") : NULL;
    printf("the program itself: %d\n", own ? *own : -1);
    void *library = dlopen("libc.so.6", RTLD_LAZY);
    printf("by name: %d\n", library && dlsym(library, "msgget") == calls[0]);
    printf("no such library: %s\n", dlopen("libno_such.so", RTLD_NOW | RTLD_DEEPBIND) ? "opened" : dlerror());
    return 0;
}
"#;

/// Has a function called msgget that counts letters, and opens the plug-in.
pub const NAMESAKE: &str = r#"
#include <dlfcn.h>
#include <stdio.h>
int msgget(const char *letters)
{
    int count = 0;
    while (letters[count])
        count++;
    return count;
}
int main(void)
{
    void *plugin = dlopen("libplugin.so", RTLD_NOW | RTLD_DEEPBIND);
    int (*use_queue)(void) = plugin ? (int (*)(void))dlsym(plugin, "use_queue") : NULL;
    printf("used: %d\n", use_queue ? use_queue() : -1);
    printf("our own: %d\n", msgget("queue"));
    return 0;
}
"#;

/// A library that comes between a program and the calls, and asks at each call who is next, or with
/// BY_NAME what the C library has.
pub const WRAPPER: &str = r#"
#include <dlfcn.h>
#include <sys/msg.h>
#ifdef BY_NAME
#define NEXT(name) ((__typeof__(&name))dlsym(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), #name))
#else
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#endif
int msgget(key_t key, int flags) { return NEXT(msgget)(key, flags); }
int msgctl(int id, int command, struct msqid_ds *data) { return NEXT(msgctl)(id, command, data); }
int msgsnd(int id, const void *message, size_t size, int flags) { return NEXT(msgsnd)(id, message, size, flags); }
ssize_t msgrcv(int id, void *message, size_t size, long type, int flags)
{ return NEXT(msgrcv)(id, message, size, type, flags); }
"#;
