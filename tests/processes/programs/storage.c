/* Storage that fails on demand, for LD_PRELOAD: write and fdatasync on files whose path holds $STORAGE_PATH do what the
 * file $STORAGE_CONTROL says, which is read again at each call:
 *   errno N    writes fail with errno N
 *   half N     writes write half of what they should, then fail with errno N
 *   short      writes write half of what they should
 *   slow MS    writes take so many milliseconds
 *   sync N     the next fdatasync fails with errno N, once, and the word is changed to "synced"
 *   syncs MS   fdatasync takes so many milliseconds
 * An empty or absent file: all is well. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef ssize_t (*write_call)(int, const void *, size_t);
typedef int (*sync_call)(int);

static int ours(int descriptor) {
    const char *text = getenv("STORAGE_PATH");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (!text || length < 0) return 0;
    path[length] = 0;
    return strstr(path, text) != NULL;
}

static int control(char word[16], int *number) {
    const char *path = getenv("STORAGE_CONTROL");
    char text[64] = "";
    int descriptor = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (descriptor < 0) return 0;
    ssize_t length = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    if (length <= 0) return 0;
    *number = 0;
    return sscanf(text, "%15s %d", word, number) >= 1;
}

ssize_t write(int descriptor, const void *data, size_t length) {
    static write_call real;
    static __thread int half_done;
    char word[16];
    int number;
    if (!real) real = (write_call)dlsym(RTLD_NEXT, "write");
    if (!ours(descriptor) || !control(word, &number)) return real(descriptor, data, length);
    if (!strcmp(word, "errno") || (!strcmp(word, "half") && (half_done || length < 2))) {
        half_done = 0;
        errno = number;
        return -1;
    }
    if (!strcmp(word, "half")) half_done = 1;
    if (!strcmp(word, "half") || !strcmp(word, "short")) return real(descriptor, data, length > 1 ? length / 2 : length);
    if (!strcmp(word, "slow")) usleep(1000 * number);
    return real(descriptor, data, length);
}

int fdatasync(int descriptor) {
    static sync_call real;
    char word[16];
    int number;
    if (!real) real = (sync_call)dlsym(RTLD_NEXT, "fdatasync");
    if (ours(descriptor) && control(word, &number)) {
        if (!strcmp(word, "errno") || !strcmp(word, "half")) {
            errno = number;
            return -1;
        }
        if (!strcmp(word, "sync")) {
            int file = open(getenv("STORAGE_CONTROL"), O_WRONLY | O_TRUNC | O_CLOEXEC);
            static write_call raw;
            if (!raw) raw = (write_call)dlsym(RTLD_NEXT, "write");
            raw(file, "synced", 6);
            close(file);
            errno = number;
            return -1;
        }
        if (!strcmp(word, "syncs")) usleep(1000 * number);
    }
    return real(descriptor);
}
