// Tries one way out of the sandbox by a raw system call. Exit: 0 it worked, 10 + errno it did not (cut to 99), 100 usage.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int answer(long result) {
  if (result >= 0) return 0;
  return 10 + errno > 99 ? 99 : 10 + errno;
}

static int attempt_connect(int family) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return answer(-1);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {htonl(0x08080808)}};
  return answer(connect(fd, (struct sockaddr*)&address, sizeof address));
}

// Through a pointer to volatile: a compiler may leave out memory that nobody reads.
static void touch(volatile char* piece, size_t size) {
  for (size_t i = 0; i < size; i += 512) piece[i] = 1;
}

// Processes of 60 MiB each, which stay.
static void fork_and_take(int processes) {
  for (int i = 0; i < processes; ++i)
    if (fork() == 0) {
      for (int j = 0; j < 60; ++j) {
        char* piece = malloc(1 << 20);
        if (piece) touch(piece, 1 << 20);
      }
      sleep(20);
      _exit(0);
    }
}

static void* fork_and_take_in_thread(void* nothing) {
  fork_and_take(4);
  sleep(20);
  return nothing;
}

int main(int argc, char** argv) {
  if (argc < 2) return 100;
  const char* what = argv[1];
  const char* path = argc > 2 ? argv[2] : "";
  if (!strcmp(what, "read")) {
    int fd = open(path, O_RDONLY);
    char byte;
    if (fd < 0) return answer(-1);
    return answer(read(fd, &byte, 1));
  }
  if (!strcmp(what, "write")) return answer(open(path, O_WRONLY | O_CREAT, 0644));
  if (!strcmp(what, "unlink")) return answer(unlink(path));
  if (!strcmp(what, "socket")) return answer(socket(AF_INET, SOCK_STREAM, 0));
  if (!strcmp(what, "vsock")) return answer(socket(AF_VSOCK, SOCK_STREAM, 0));
  if (!strcmp(what, "netlink")) return answer(socket(AF_NETLINK, SOCK_RAW, 0));
  if (!strcmp(what, "connect")) return attempt_connect(AF_INET);
  if (!strcmp(what, "connect-loopback")) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return answer(-1);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(path)), .sin_addr = {htonl(0x7F000001)}};
    return answer(connect(fd, (struct sockaddr*)&address, sizeof address));
  }
  if (!strcmp(what, "abstract")) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path + 1, path, sizeof address.sun_path - 2);
    return answer(connect(fd, (struct sockaddr*)&address, (socklen_t)(sizeof(sa_family_t) + 1 + strlen(path))));
  }
  if (!strcmp(what, "pathname")) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) return answer(-1);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return answer(connect(fd, (struct sockaddr*)&address, sizeof address));
  }
  if (!strcmp(what, "pair-datagram")) {  // each end still sends to any name
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0) return answer(-1);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return answer(sendto(ends[0], "x", 1, 0, (struct sockaddr*)&address, sizeof address));
  }
  if (!strcmp(what, "mount")) return answer(mount("tmpfs", "/tmp", "tmpfs", 0, NULL));
  if (!strcmp(what, "ptrace")) return answer(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
  if (!strcmp(what, "io_uring")) {
    struct io_uring_params parameters = {0};
    return answer(syscall(SYS_io_uring_setup, 4, &parameters));
  }
  if (!strcmp(what, "unshare")) return answer(unshare(CLONE_NEWUSER));
  if (!strcmp(what, "unshare-mount")) return answer(unshare(CLONE_NEWNS));
  if (!strcmp(what, "clone-user")) {
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(0);
    return answer(child);
  }
  if (!strcmp(what, "clone3")) return answer(syscall(SYS_clone3, NULL, 0) < 0 && errno == EFAULT ? 0 : -1);
  if (!strcmp(what, "bpf")) return answer(syscall(SYS_bpf, 0, NULL, 0));
  if (!strcmp(what, "keyctl")) return answer(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
  if (!strcmp(what, "memfd")) return answer(syscall(SYS_memfd_create, "x", 0));
  if (!strcmp(what, "shmget")) return answer(syscall(SYS_shmget, 0, 4096, 01600));
  if (!strcmp(what, "setuid")) return answer(setuid(0));
  if (!strcmp(what, "setuid-1000")) return answer(setuid(1000));
  if (!strcmp(what, "setgroups")) return answer(syscall(SYS_setgroups, 0, NULL));
  if (!strcmp(what, "chmod-suid")) {
    int fd = open("/tmp/x", O_WRONLY | O_CREAT, 0755);
    if (fd < 0) return answer(-1);
    return answer(fchmod(fd, 04755));
  }
  if (!strcmp(what, "mknod")) return answer(mknod("/tmp/disk", S_IFBLK | 0600, (8 << 8)));
  if (!strcmp(what, "tiocsti")) return answer(syscall(SYS_ioctl, 0, 0x5412, "x"));
  if (!strcmp(what, "kill-all")) return answer(kill(atoi(path), 0));
  if (!strcmp(what, "uid")) return printf("%d %d\n", (int)getuid(), (int)geteuid()) < 0;
  if (!strcmp(what, "descriptors")) {
    for (int fd = 0; fd < 1024; ++fd)
      if (fcntl(fd, F_GETFD) >= 0) printf("%d ", fd);
    return 0;
  }
  if (!strcmp(what, "environment")) {
    extern char** environ;
    for (char** one = environ; *one; ++one) puts(*one);
    return 0;
  }
  if (!strcmp(what, "fork-bomb")) {
    int made = 0;
    for (int i = 0; i < 5000; ++i) {
      pid_t child = fork();
      if (child == 0) {
        sleep(60);
        _exit(0);
      }
      if (child < 0) break;
      ++made;
    }
    printf("%d\n", made);
    return 0;
  }
  if (!strcmp(what, "memory")) {  // path: MiB a process; processes share the limit
    size_t mebibytes = (size_t)atoi(path);
    for (size_t i = 0; i < mebibytes; ++i) {
      char* piece = malloc(1 << 20);
      if (!piece) return 42;
      touch(piece, 1 << 20);
    }
    return 0;
  }
  if (!strcmp(what, "memory-of-a-thread")) {  // its children are no children of the main thread
    pthread_t thread;
    pthread_create(&thread, NULL, fork_and_take_in_thread, NULL);
    sleep(20);
    return 0;
  }
  if (!strcmp(what, "lock")) return answer(flock(open(path, O_RDONLY), LOCK_EX | LOCK_NB));
  if (!strcmp(what, "lease")) return answer(fcntl(open(path, O_RDONLY), F_SETLEASE, F_RDLCK));
  if (!strcmp(what, "take")) {  // what somebody wrote into a pipe
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    char byte;
    if (fd < 0) return answer(-1);
    return answer(read(fd, &byte, 1) == 1 ? 0 : -1);
  }
  if (!strcmp(what, "give")) {  // what somebody will read from a pipe
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    if (fd < 0) return answer(-1);
    return answer(write(fd, "x", 1));
  }
  if (!strcmp(what, "memory-tree")) {
    fork_and_take(8);
    while (wait(NULL) > 0) {
    }
    return 0;
  }
  if (!strcmp(what, "spin")) {
    for (volatile unsigned long i = 0;; ++i) {
    }
  }
  if (!strcmp(what, "spin-tree")) {
    for (int i = 0; i < 4; ++i)
      if (fork() == 0)
        for (volatile unsigned long j = 0;; ++j) {
        }
    sleep(60);
  }
  if (!strcmp(what, "flood")) {
    char line[4096];
    memset(line, 'x', sizeof line);
    while (write(1, line, sizeof line) > 0) {
    }
    return 0;
  }
  if (!strcmp(what, "big-file")) {
    int fd = open("/tmp/big", O_WRONLY | O_CREAT, 0644);
    char block[65536] = {0};
    signal(SIGXFSZ, SIG_DFL);
    for (int i = 0; i < 100000; ++i)
      if (write(fd, block, sizeof block) < 0) return answer(-1);
    return 0;
  }
  if (!strcmp(what, "sleep")) return (int)sleep(1000);
  if (!strcmp(what, "daemon")) {  // twice forked, own session, away from every pipe
    if (fork() == 0) {
      setsid();
      if (fork() == 0) {
        for (int fd = 0; fd < 1024; ++fd) close(fd);
        signal(SIGHUP, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
        for (int i = 0; i < 200; ++i) {
          int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
          if (fd >= 0) {
            if (write(fd, ".", 1) < 0) _exit(1);
            close(fd);
          }
          usleep(20000);
        }
      }
      _exit(0);
    }
    usleep(100000);
    return 0;
  }
  return 100;
}
