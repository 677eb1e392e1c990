/*
 * A libnvidia-ml.so.1 without a GPU: it answers what a text file says, which it reads again whenever that changes.
 *
 * The environment variable FAKE_NVML names the file. One setting a line, `#` begins a comment; `I` is a GPU's number,
 * CODE a value of nvmlReturn_t:
 *
 *     gpus 8                     how many there are
 *     init 9                     nvmlInit fails with this CODE
 *     I.name NVIDIA H100         I.uuid GPU-0000        I.util 97 (percent)      I.temp 71 (degrees Celsius)
 *     I.mem_used BYTES           I.mem_total BYTES      I.mem_reserved BYTES     I.power MILLIWATTS
 *     I.power_limit MILLIWATTS   I.sm_clock MHZ         I.sm_clock_max MHZ       I.throttle BITS
 *     I.ecc COUNT                I.proc PID BYTES       I.gproc PID BYTES        (BYTES `-`: not told)
 *     I.mig UUID                 a MIG instance of that GPU; several lines add up
 *     I.unsupported WORD         the getter of that setting answers NVML_ERROR_NOT_SUPPORTED; `proc` is both lists,
 *                                `mem` all of memory; several lines add up
 *     I.fail CODE                every getter of that GPU fails with this CODE
 *     I.sleep_ms 200             every getter of that GPU takes so long
 *
 * The structures are those of the real nvml.h, so that a wrong layout in a caller shows as a wrong number.
 */
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { GPUS = 16, PROCESSES = 32, WORDS = 16, WORD = 24, MIGS = 7, FIRST_MIG = 1000 };

typedef struct {
    unsigned pid;
    unsigned long long bytes;
} Process;

typedef struct {
    unsigned index;
    char name[96], uuid[96];
    unsigned long long util, temp, mem_used, mem_total, mem_reserved, power, power_limit;
    unsigned long long sm_clock, sm_clock_max, throttle, ecc, fail, sleep_ms;
    Process compute[PROCESSES], graphics[PROCESSES];
    unsigned computes, graphicses, unsupported_count, mig_count;
    char migs[MIGS][96];
    char unsupported[WORDS][WORD];
} Gpu;

typedef struct {
    unsigned count, init;
    Gpu gpus[GPUS];
} State;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static State state;
static struct stat seen;
static unsigned opened;

/* ---- the state file ------------------------------------------------------------------------------------------ */

static void set_defaults(State *into)
{
    memset(into, 0, sizeof *into);
    for (unsigned i = 0; i < GPUS; i++) {
        Gpu *gpu = &into->gpus[i];
        gpu->index = i;
        snprintf(gpu->name, sizeof gpu->name, "NVIDIA H100 80GB HBM3");
        snprintf(gpu->uuid, sizeof gpu->uuid, "GPU-%08x-0000-4000-8000-000000000000", i);
        gpu->temp = 30;
        gpu->mem_total = 85520809984ULL;
        gpu->power = 70000;
        gpu->power_limit = 700000;
        gpu->sm_clock = 345;
        gpu->sm_clock_max = 1980;
    }
}

static void add_process(Process *list, unsigned *count, const char *value)
{
    char bytes[32] = "";
    unsigned pid;
    if (*count < PROCESSES && sscanf(value, "%u %31s", &pid, bytes) == 2) {
        list[*count].pid = pid;
        list[(*count)++].bytes =
            strcmp(bytes, "-") == 0 ? (unsigned long long)NVML_VALUE_NOT_AVAILABLE : strtoull(bytes, NULL, 0);
    }
}

static void set(Gpu *gpu, const char *key, const char *value)
{
    const struct { const char *key; unsigned long long *into; } numbers[] = {
        {"util", &gpu->util}, {"temp", &gpu->temp}, {"mem_used", &gpu->mem_used}, {"mem_total", &gpu->mem_total},
        {"mem_reserved", &gpu->mem_reserved}, {"power", &gpu->power}, {"power_limit", &gpu->power_limit},
        {"sm_clock", &gpu->sm_clock}, {"sm_clock_max", &gpu->sm_clock_max}, {"throttle", &gpu->throttle},
        {"ecc", &gpu->ecc}, {"fail", &gpu->fail}, {"sleep_ms", &gpu->sleep_ms},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0)
            *numbers[i].into = strtoull(value, NULL, 0);
    if (strcmp(key, "name") == 0)
        snprintf(gpu->name, sizeof gpu->name, "%s", value);
    else if (strcmp(key, "uuid") == 0)
        snprintf(gpu->uuid, sizeof gpu->uuid, "%s", value);
    else if (strcmp(key, "mig") == 0 && gpu->mig_count < MIGS)
        snprintf(gpu->migs[gpu->mig_count++], sizeof gpu->migs[0], "%s", value);
    else if (strcmp(key, "proc") == 0)
        add_process(gpu->compute, &gpu->computes, value);
    else if (strcmp(key, "gproc") == 0)
        add_process(gpu->graphics, &gpu->graphicses, value);
    else if (strcmp(key, "unsupported") == 0 && gpu->unsupported_count < WORDS)
        snprintf(gpu->unsupported[gpu->unsupported_count++], WORD, "%s", value);
}

static void read_line(State *into, char *line)
{
    char key[32], value[160];
    unsigned index;
    line[strcspn(line, "#\n")] = '\0';
    if (sscanf(line, "%u.%31s %159[^\n]", &index, key, value) == 3 && index < GPUS)
        set(&into->gpus[index], key, value);
    else if (sscanf(line, "gpus %u", &index) == 1)
        into->count = index < GPUS ? index : GPUS;
    else if (sscanf(line, "init %u", &index) == 1)
        into->init = index;
}

static void refresh(void)
{
    const char *path = getenv("FAKE_NVML");
    struct stat now;
    char line[256];
    if (path == NULL || stat(path, &now) != 0)
        return;
    if (now.st_mtim.tv_sec == seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == seen.st_mtim.tv_nsec &&
        now.st_size == seen.st_size && now.st_ino == seen.st_ino)
        return;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    seen = now;
    set_defaults(&state);
    while (fgets(line, sizeof line, file) != NULL)
        read_line(&state, line);
    fclose(file);
}

/* A copy of the state as the file has it now. */
static State *now(State *copy)
{
    pthread_mutex_lock(&lock);
    refresh();
    *copy = state;
    pthread_mutex_unlock(&lock);
    return copy;
}

/* What every getter begins with: the GPU's settings, after its delay; its failure, or that `word` is unsupported. */
static nvmlReturn_t enter(nvmlDevice_t device, const char *word, Gpu *gpu)
{
    State copy;
    size_t number = (size_t)device;
    if (opened == 0)
        return NVML_ERROR_UNINITIALIZED;
    if (number == 0 || number > now(&copy)->count)
        return NVML_ERROR_INVALID_ARGUMENT;
    *gpu = copy.gpus[number - 1];
    struct timespec delay = {gpu->sleep_ms / 1000, gpu->sleep_ms % 1000 * 1000000};
    if (gpu->sleep_ms != 0)
        nanosleep(&delay, NULL);
    if (gpu->fail != 0)
        return (nvmlReturn_t)gpu->fail;
    for (unsigned i = 0; i < gpu->unsupported_count; i++)
        if (strcmp(gpu->unsupported[i], word) == 0)
            return NVML_ERROR_NOT_SUPPORTED;
    return NVML_SUCCESS;
}

/* ---- the library --------------------------------------------------------------------------------------------- */

nvmlReturn_t nvmlInitWithFlags(unsigned int flags)
{
    State copy;
    (void)flags;
    if (now(&copy)->init != 0)
        return (nvmlReturn_t)copy.init;
    opened++;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlInit_v2(void)
{
    return nvmlInitWithFlags(0);
}

nvmlReturn_t nvmlInit(void)
{
    return nvmlInitWithFlags(0);
}

nvmlReturn_t nvmlShutdown(void)
{
    if (opened == 0)
        return NVML_ERROR_UNINITIALIZED;
    opened--;
    return NVML_SUCCESS;
}

const char *nvmlErrorString(nvmlReturn_t result)
{
    return result == NVML_SUCCESS ? "Success" : "an error of the fake NVML";
}

nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length)
{
    snprintf(version, length, "580.00.fake");
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned int length)
{
    snprintf(version, length, "13.580.00.fake");
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version)
{
    *version = 13000;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    return nvmlSystemGetCudaDriverVersion(version);
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count)
{
    State copy;
    if (opened == 0)
        return NVML_ERROR_UNINITIALIZED;
    *count = now(&copy)->count;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device)
{
    State copy;
    if (opened == 0)
        return NVML_ERROR_UNINITIALIZED;
    if (index >= now(&copy)->count)
        return NVML_ERROR_INVALID_ARGUMENT;
    if (copy.gpus[index].fail != 0)
        return (nvmlReturn_t)copy.gpus[index].fail;
    *device = (nvmlDevice_t)(size_t)(index + 1);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device)
{
    State copy;
    now(&copy);
    for (unsigned i = 0; i < copy.count; i++)
        if (strcmp(copy.gpus[i].uuid, uuid) == 0)
            return nvmlDeviceGetHandleByIndex_v2(i, device);
    for (unsigned i = 0; i < copy.count; i++)
        for (unsigned mig = 0; mig < copy.gpus[i].mig_count; mig++)
            if (strcmp(copy.gpus[i].migs[mig], uuid) == 0) {
                *device = (nvmlDevice_t)(size_t)(FIRST_MIG + i * MIGS + mig);
                return NVML_SUCCESS;
            }
    return NVML_ERROR_NOT_FOUND;
}

nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t mig, nvmlDevice_t *device)
{
    size_t number = (size_t)mig;
    if (number < FIRST_MIG)
        return NVML_ERROR_INVALID_ARGUMENT;
    return nvmlDeviceGetHandleByIndex_v2((unsigned)(number - FIRST_MIG) / MIGS, device);
}

nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *pciBusId, nvmlDevice_t *device)
{
    unsigned domain, bus;
    if (sscanf(pciBusId, "%x:%x", &domain, &bus) != 2 || bus == 0)
        return NVML_ERROR_NOT_FOUND;
    return nvmlDeviceGetHandleByIndex_v2(bus - 1, device);
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length)
{
    Gpu gpu;
    nvmlReturn_t result = enter(device, "name", &gpu);
    if (result == NVML_SUCCESS)
        snprintf(name, length, "%s", gpu.name);
    return result;
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned int length)
{
    Gpu gpu;
    nvmlReturn_t result = enter(device, "uuid", &gpu);
    if (result == NVML_SUCCESS)
        snprintf(uuid, length, "%s", gpu.uuid);
    return result;
}

nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *pci)
{
    Gpu gpu;
    nvmlReturn_t result = enter(device, "pci", &gpu);
    if (result == NVML_SUCCESS) {
        memset(pci, 0, sizeof *pci);
        pci->bus = gpu.index + 1;
        snprintf(pci->busId, sizeof pci->busId, "00000000:%02X:00.0", pci->bus);
        snprintf(pci->busIdLegacy, sizeof pci->busIdLegacy, "0000:%02X:00.0", pci->bus);
    }
    return result;
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization)
{
    Gpu gpu;
    nvmlReturn_t result = enter(device, "util", &gpu);
    if (result == NVML_SUCCESS)
        *utilization = (nvmlUtilization_t){.gpu = (unsigned)gpu.util, .memory = (unsigned)gpu.util / 2};
    return result;
}

/* The first version counts the driver's reserve as used, the second tells it apart. */
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory)
{
    Gpu gpu;
    nvmlReturn_t result = enter(device, "mem", &gpu);
    if (result == NVML_SUCCESS) {
        memory->total = gpu.mem_total;
        memory->used = gpu.mem_used + gpu.mem_reserved;
        memory->free = memory->total - memory->used;
    }
    return result;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory)
{
    Gpu gpu;
    if (memory->version != nvmlMemory_v2)
        return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    nvmlReturn_t result = enter(device, "mem", &gpu);
    if (result == NVML_SUCCESS) {
        memory->total = gpu.mem_total;
        memory->reserved = gpu.mem_reserved;
        memory->used = gpu.mem_used;
        memory->free = memory->total - memory->used - memory->reserved;
    }
    return result;
}

nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t device, nvmlTemperature_t *temperature)
{
    Gpu gpu;
    if (temperature->version != nvmlTemperature_v1)
        return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    nvmlReturn_t result = enter(device, "temp", &gpu);
    if (result == NVML_SUCCESS)
        temperature->temperature = (int)gpu.temp;
    return result;
}

/* The body of a getter that answers one setting. */
#define ANSWER(word, setting)                                          \
    Gpu gpu;                                                           \
    nvmlReturn_t result = enter(device, word, &gpu);                   \
    if (result == NVML_SUCCESS)                                        \
        *value = gpu.setting;                                          \
    return result

nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t device, unsigned int *value)
{
    ANSWER("index", index);
}

nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, unsigned int *value)
{
    (void)sensor;
    ANSWER("temp", temp);
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *value)
{
    ANSWER("power", power);
}

nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned int *value)
{
    ANSWER("power_limit", power_limit);
}

nvmlReturn_t nvmlDeviceGetPowerManagementLimit(nvmlDevice_t device, unsigned int *value)
{
    ANSWER("power_limit", power_limit);
}

nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, unsigned int *value)
{
    if (type != NVML_CLOCK_SM && type != NVML_CLOCK_GRAPHICS)
        return NVML_ERROR_NOT_SUPPORTED;
    ANSWER("sm_clock", sm_clock);
}

nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t type, unsigned int *value)
{
    if (type != NVML_CLOCK_SM && type != NVML_CLOCK_GRAPHICS)
        return NVML_ERROR_NOT_SUPPORTED;
    ANSWER("sm_clock_max", sm_clock_max);
}

nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t device, unsigned long long *value)
{
    ANSWER("throttle", throttle);
}

nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long *value)
{
    ANSWER("throttle", throttle);
}

/* Only uncorrected errors since the driver was loaded are ever other than 0. */
nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t device, nvmlMemoryErrorType_t type,
                                         nvmlEccCounterType_t counter, unsigned long long *value)
{
    if (type != NVML_MEMORY_ERROR_TYPE_UNCORRECTED || counter != NVML_VOLATILE_ECC)
        return *value = 0, NVML_SUCCESS;
    ANSWER("ecc", ecc);
}

static nvmlReturn_t list_processes(nvmlDevice_t device, int graphics, unsigned int *count, nvmlProcessInfo_t *into)
{
    Gpu gpu;
    nvmlReturn_t result = enter(device, "proc", &gpu);
    if (result != NVML_SUCCESS)
        return result;
    const Process *list = graphics ? gpu.graphics : gpu.compute;
    unsigned there = graphics ? gpu.graphicses : gpu.computes, room = *count;
    *count = there;
    if (there > room || (there != 0 && into == NULL))
        return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < there; i++)
        into[i] = (nvmlProcessInfo_t){list[i].pid, list[i].bytes, 0xFFFFFFFF, 0xFFFFFFFF};
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *into)
{
    return list_processes(device, 0, count, into);
}

nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, nvmlProcessInfo_t *into)
{
    return list_processes(device, 1, count, into);
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v2(nvmlDevice_t device, unsigned int *count,
                                                     nvmlProcessInfo_v2_t *into)
{
    return list_processes(device, 0, count, into);
}

nvmlReturn_t nvmlDeviceGetGraphicsRunningProcesses_v2(nvmlDevice_t device, unsigned int *count,
                                                      nvmlProcessInfo_v2_t *into)
{
    return list_processes(device, 1, count, into);
}
