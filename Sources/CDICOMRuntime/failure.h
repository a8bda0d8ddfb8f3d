#pragma once
// Exceptions inside of the shim, and the guard that lets none out.
#include <CDICOM.h>

#include <cstdarg>
#include <cstdio>
#include <exception>
#include <new>

namespace cdicom {

/// What ends a function of the shim early.
struct Failure : std::exception {
  int status;
  char text[sizeof(cdicom_failure::message)];

  Failure(int status, const char *format, ...) __attribute__((format(printf, 3, 4))) : status(status) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
  }

  const char *what() const noexcept override { return text; }
};

inline int fail(cdicom_failure *failure, int status, const char *text) noexcept {
  snprintf(failure->message, sizeof failure->message, "%s", text);
  return status;
}

/// Runs `body` and turns whatever it throws into a status and a text.
template <class Body>
int guarded(cdicom_failure *failure, Body body) noexcept {
  try {
    body();
    return CDICOM_OK;
  } catch (const Failure &caught) {
    return fail(failure, caught.status, caught.text);
  } catch (const std::bad_alloc &) {
    return fail(failure, CDICOM_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception &caught) {
    return fail(failure, CDICOM_CORRUPT, caught.what());
  } catch (...) {
    return fail(failure, CDICOM_CORRUPT, "an unknown exception");
  }
}

}  // namespace cdicom
