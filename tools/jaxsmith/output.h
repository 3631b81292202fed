// What the program prints. Nothing else in tools/jaxsmith writes to standard output or standard
// error.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/text.h"

namespace jaxsmith::cli {

// Standard output: what was asked for. What cannot be written is remembered for finish_output.
void put(std::string_view text);
template <class... T>
void say(fmt::format_string<T...> format, T&&... values) {
  put(fmt::format(format, std::forward<T>(values)...));
}

// The same to a reader who waits for it; false where standard output takes no more.
bool put_at_once(std::string_view text);

// Standard error: messages and progress. That they cannot be written ends nothing.
void put_message(std::string_view text);
template <class... T>
void tell(fmt::format_string<T...> format, T&&... values) {
  put_message(visible(shorter_lines(fmt::format(format, std::forward<T>(values)...))));
}
// On a terminal, instead of what its line shows.
template <class... T>
void tell_in_place(fmt::format_string<T...> format, T&&... values) {
  put_message("\r\x1b[K" + visible(fmt::format(format, std::forward<T>(values)...)));
}

// Before anything is opened: standard streams that are closed must not become files of ours.
void open_standard_streams();

// Last of all: the status to end with. Where standard output did not take everything, that is one
// of failure and a line says why; where its reader has gone, the process ends by SIGPIPE as is
// usual.
int finish_output(int status);

}  // namespace jaxsmith::cli
