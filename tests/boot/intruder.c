// Preloaded into virtcrypt: makes one system call in one of its threads, as somebody would who has broken into it.
// INTRUDER=THREAD:WHAT, for example vcpu0:execve. The call is made where the thread next waits, so after it has confined
// itself; it is made once.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

// Asking the kernel for it is forbidden as well. The first thread never names itself.
static _Thread_local char thread_name[16] = "main";
static atomic_bool done;

static void intrude(const char* what) {
  if (strcmp(what, "execve") == 0) execve("/bin/true", (char* const[]){"true", NULL}, NULL);
  if (strcmp(what, "open") == 0) open("/etc/passwd", O_RDONLY);
  if (strcmp(what, "socket") == 0) socket(AF_INET, SOCK_STREAM, 0);
  if (strcmp(what, "ptrace") == 0) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
  if (strcmp(what, "code") == 0) mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void wait_here(void) {
  const char* order = getenv("INTRUDER");
  const size_t length = strlen(thread_name);
  if (order == NULL || strncmp(order, thread_name, length) != 0 || order[length] != ':') return;
  if (!atomic_exchange(&done, 1)) intrude(order + length + 1);
}

static void* next(const char* name) {
  return dlsym(RTLD_NEXT, name);
}

int pthread_setname_np(pthread_t thread, const char* name) {
  if (pthread_equal(thread, pthread_self())) strncpy(thread_name, name, sizeof thread_name - 1);
  return ((int (*)(pthread_t, const char*))next("pthread_setname_np"))(thread, name);
}

// The first thread makes such calls before it is confined, too.
static void wait_here_unless_first(void) {
  if (strcmp(thread_name, "main") != 0) wait_here();
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  void* argument = va_arg(list, void*);
  va_end(list);
  wait_here_unless_first();
  return ((int (*)(int, unsigned long, void*))next("ioctl"))(fd, request, argument);
}

int epoll_wait(int fd, struct epoll_event* events, int most, int timeout) {
  wait_here();
  return ((int (*)(int, struct epoll_event*, int, int))next("epoll_wait"))(fd, events, most, timeout);
}

int poll(struct pollfd* fds, nfds_t count, int timeout) {
  wait_here_unless_first();
  return ((int (*)(struct pollfd*, nfds_t, int))next("poll"))(fds, count, timeout);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  wait_here_unless_first();
  // The oldest of its versions has another kind of condition.
  void* const wait = dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
  return ((int (*)(pthread_cond_t*, pthread_mutex_t*))wait)(condition, mutex);
}
