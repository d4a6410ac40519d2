/* A PKCS#11 module in front of another one, for tests: counts, holds, fails, falsifies and dies on demand. See README.md. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long CK_ULONG, CK_RV, CK_SESSION_HANDLE, CK_OBJECT_HANDLE, CK_SLOT_ID, CK_FLAGS;
typedef unsigned char CK_BYTE;
typedef struct { CK_ULONG type; void *value; CK_ULONG length; } CK_ATTRIBUTE;
typedef struct { CK_ULONG mechanism; void *parameter; CK_ULONG length; } CK_MECHANISM;

/* CK_FUNCTION_LIST of PKCS#11 v2.40: a version, then 68 functions in the order of the specification. */
enum {
  F_Initialize = 0, F_GetFunctionList = 3, F_GetSlotList = 4, F_GetTokenInfo = 6, F_OpenSession = 12, F_Login = 18, F_CreateObject = 20, F_DestroyObject = 22,
  F_GetAttributeValue = 24, F_FindObjectsInit = 26, F_FindObjects = 27, F_FindObjectsFinal = 28, F_SignInit = 42, F_Sign = 43, F_VerifyInit = 48, F_Verify = 49,
  F_GenerateKeyPair = 59, FUNCTIONS = 68
};
typedef struct { CK_BYTE major, minor; void *functions[FUNCTIONS]; } CK_FUNCTION_LIST;

#define CKR_OK 0UL
#define CKR_GENERAL_ERROR 5UL
#define CKA_CLASS 0x0UL
#define CKA_KEY_TYPE 0x100UL
#define CKO_PRIVATE_KEY 3UL
#define MAX_SESSIONS 4096
#define MAX_CONTROL 4096

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static int sign_calls;
/* What C_SignInit was last told, by session handle: needed to sign with another key. */
static struct { CK_MECHANISM mechanism; CK_OBJECT_HANDLE key; } begun[MAX_SESSIONS];

#define REAL(name, ...) ((CK_RV (*)(__VA_ARGS__)) real->functions[F_##name])

static void note(const char *line) {
  const char *path = getenv("SHIM_LOG");
  int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
  if (file < 0) return;
  if (write(file, line, strlen(line)) < 0) abort();
  close(file);
}

static int read_control(char *text) {
  const char *path = getenv("SHIM_CONTROL");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return 0;
  ssize_t length = read(file, text, MAX_CONTROL - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  return length > 0;
}

/* Finds `verb subject [ckr]`; a subject of `*` is any. Returns whether there is such a line, its number in *ckr. */
static int told(const char *verb, const char *subject, CK_RV *ckr) {
  char text[MAX_CONTROL], *rest = text, *line;
  if (!read_control(text)) return 0;
  while ((line = strsep(&rest, "\n"))) {
    char v[64] = "", s[64] = "";
    CK_RV number = 0;
    int fields = sscanf(line, "%63s %63s %li", v, s, (long *)&number);
    if (fields < 2 || strcmp(v, verb) || (strcmp(s, subject) && strcmp(s, "*"))) continue;
    if (ckr) *ckr = number;
    return 1;
  }
  return 0;
}
static int held(int call) {
  char text[MAX_CONTROL], *rest = text, *line;
  if (!read_control(text)) return 0;
  while ((line = strsep(&rest, "\n"))) {
    int from;
    if (sscanf(line, "hold %d", &from) == 1 && call >= from) return 1;
  }
  return 0;
}
static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* One line a call; then it waits while it is held; then the failure that the control file asks for. */
static int entered(const char *name, CK_RV *rv) {
  char line[128];
  snprintf(line, sizeof line, "%s\n", name);
  note(line);
  while (told("hold", name, NULL)) usleep(2000);
  return told("fail", name, rv);
}
#define ENTER(name) do { CK_RV failure; if (entered("C_" #name, &failure)) return failure; } while (0)

static CK_RV shim_Initialize(void *arguments) { ENTER(Initialize); return REAL(Initialize, void *)(arguments); }
static CK_RV shim_GetSlotList(CK_BYTE present, CK_SLOT_ID *slots, CK_ULONG *count) { ENTER(GetSlotList); return REAL(GetSlotList, CK_BYTE, CK_SLOT_ID *, CK_ULONG *)(present, slots, count); }
static CK_RV shim_GetTokenInfo(CK_SLOT_ID slot, void *info) { ENTER(GetTokenInfo); return REAL(GetTokenInfo, CK_SLOT_ID, void *)(slot, info); }
static CK_RV shim_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session) {
  ENTER(OpenSession);
  return REAL(OpenSession, CK_SLOT_ID, CK_FLAGS, void *, void *, CK_SESSION_HANDLE *)(slot, flags, application, notify, session);
}
static CK_RV shim_Login(CK_SESSION_HANDLE session, CK_ULONG user, CK_BYTE *pin, CK_ULONG length) { ENTER(Login); return REAL(Login, CK_SESSION_HANDLE, CK_ULONG, CK_BYTE *, CK_ULONG)(session, user, pin, length); }
static CK_RV shim_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *object) {
  ENTER(CreateObject);
  return REAL(CreateObject, CK_SESSION_HANDLE, CK_ATTRIBUTE *, CK_ULONG, CK_OBJECT_HANDLE *)(session, template, count, object);
}
static CK_RV shim_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count) { ENTER(FindObjectsInit); return REAL(FindObjectsInit, CK_SESSION_HANDLE, CK_ATTRIBUTE *, CK_ULONG)(session, template, count); }
static CK_RV shim_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) { ENTER(VerifyInit); return REAL(VerifyInit, CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE)(session, mechanism, key); }
static CK_RV shim_Verify(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG signature_length) {
  ENTER(Verify);
  return REAL(Verify, CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG)(session, data, length, signature, signature_length);
}

static CK_RV shim_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) {
  ENTER(SignInit);
  if (session < MAX_SESSIONS) {
    free(begun[session].mechanism.parameter);
    begun[session].mechanism = *mechanism;
    begun[session].mechanism.parameter = mechanism->length ? memcpy(malloc(mechanism->length), mechanism->parameter, mechanism->length) : NULL;
    begun[session].key = key;
  }
  return REAL(SignInit, CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE)(session, mechanism, key);
}

static CK_RV forward_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *signature_length) {
  return REAL(Sign, CK_SESSION_HANDLE, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *)(session, data, length, signature, signature_length);
}

/* Ends what was begun, then signs with the first other private key of the same type. */
static CK_RV sign_with_another_key(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *signature_length) {
  CK_BYTE thrown_away[2048];
  CK_ULONG thrown_length = sizeof thrown_away, type = 0, class = CKO_PRIVATE_KEY, found = 0;
  CK_OBJECT_HANDLE keys[64], other = 0;
  CK_RV rv = forward_sign(session, data, length, thrown_away, &thrown_length);
  if (rv != CKR_OK) return rv;
  CK_ATTRIBUTE of_type = { CKA_KEY_TYPE, &type, sizeof type };
  rv = REAL(GetAttributeValue, CK_SESSION_HANDLE, CK_OBJECT_HANDLE, CK_ATTRIBUTE *, CK_ULONG)(session, begun[session].key, &of_type, 1);
  if (rv != CKR_OK) return rv;
  CK_ATTRIBUTE wanted[2] = { { CKA_CLASS, &class, sizeof class }, { CKA_KEY_TYPE, &type, sizeof type } };
  rv = REAL(FindObjectsInit, CK_SESSION_HANDLE, CK_ATTRIBUTE *, CK_ULONG)(session, wanted, 2);
  if (rv != CKR_OK) return rv;
  rv = REAL(FindObjects, CK_SESSION_HANDLE, CK_OBJECT_HANDLE *, CK_ULONG, CK_ULONG *)(session, keys, 64, &found);
  REAL(FindObjectsFinal, CK_SESSION_HANDLE)(session);
  if (rv != CKR_OK) return rv;
  for (CK_ULONG i = 0; i < found && !other; i++) if (keys[i] != begun[session].key) other = keys[i];
  if (!other) return CKR_GENERAL_ERROR;
  rv = REAL(SignInit, CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE)(session, &begun[session].mechanism, other);
  return rv != CKR_OK ? rv : forward_sign(session, data, length, signature, signature_length);
}

static CK_RV shim_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *signature_length) {
  int call = __sync_add_and_fetch(&sign_calls, 1);
  char line[64], number[32];
  CK_RV failure;
  snprintf(line, sizeof line, "C_Sign %d\n", call);
  snprintf(number, sizeof number, "%d", call);
  note(line);
  while (held(call)) usleep(2000);
  if (told("die-before-sign", number, NULL)) die();
  if (told("fail-before", number, &failure)) return failure;
  CK_RV rv = session < MAX_SESSIONS && told("other-key", number, NULL) ? sign_with_another_key(session, data, length, signature, signature_length)
                                                                      : forward_sign(session, data, length, signature, signature_length);
  if (told("die-after-sign", number, NULL)) die();
  if (told("fail-after", number, &failure)) return failure;
  return rv;
}

static CK_RV shim_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_template, CK_ULONG public_count, CK_ATTRIBUTE *private_template,
                                  CK_ULONG private_count, CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key) {
  ENTER(GenerateKeyPair);
  CK_RV rv = REAL(GenerateKeyPair, CK_SESSION_HANDLE, CK_MECHANISM *, CK_ATTRIBUTE *, CK_ULONG, CK_ATTRIBUTE *, CK_ULONG, CK_OBJECT_HANDLE *, CK_OBJECT_HANDLE *)(
      session, mechanism, public_template, public_count, private_template, private_count, public_key, private_key);
  if (rv != CKR_OK) return rv;
  if (told("die", "without-private-key", NULL)) { REAL(DestroyObject, CK_SESSION_HANDLE, CK_OBJECT_HANDLE)(session, *private_key); die(); }
  if (told("die", "without-public-key", NULL)) { REAL(DestroyObject, CK_SESSION_HANDLE, CK_OBJECT_HANDLE)(session, *public_key); die(); }
  if (told("die", "after-generate", NULL)) die();
  return rv;
}

static CK_RV shim_GetFunctionList(CK_FUNCTION_LIST **list);

static void load(void) {
  const char *path = getenv("SHIM_MODULE");
  void *module = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  CK_RV (*get)(CK_FUNCTION_LIST **) = module ? (CK_RV (*)(CK_FUNCTION_LIST **))dlsym(module, "C_GetFunctionList") : NULL;
  if (!get || get(&real) != CKR_OK) { real = NULL; return; }
  ours = *real;
#define OURS(name) ours.functions[F_##name] = (void *)shim_##name
  OURS(Initialize); OURS(GetFunctionList); OURS(GetSlotList); OURS(GetTokenInfo); OURS(OpenSession); OURS(Login); OURS(CreateObject); OURS(FindObjectsInit);
  OURS(SignInit); OURS(Sign); OURS(VerifyInit); OURS(Verify); OURS(GenerateKeyPair);
}

static CK_RV shim_GetFunctionList(CK_FUNCTION_LIST **list) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  if (!real) return CKR_GENERAL_ERROR;
  *list = &ours;
  return CKR_OK;
}
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list) { return shim_GetFunctionList(list); }
