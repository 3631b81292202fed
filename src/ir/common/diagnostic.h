// Where and why a text of IR was refused.
//
//   file.mlir:3:14: expected a type, found ')'
//       %1 = stablehlo.add %0, ) : tensor<f32>
//                              ^
#pragma once

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/status.h"
#include "tensor/context.h"

namespace jaxsmith::ir {

// A place in a text: line and column from 1, columns in bytes.
struct Position {
  int line = 0;
  int column = 0;
};

Position position_of(std::string_view text, std::size_t offset);

// What readers throw among themselves; nothing outside of src/ir sees it.
struct Refused {
  std::size_t offset = 0;
  std::string message;  // "expected a type, found ')'"
};

// What `read` gives. Where arrays or memory refuse what a text asks for, it is refused at
// `place()`.
template <class Read, class Place>
auto refusing(Read read, Place place) -> std::invoke_result_t<Read> {
  try {
    return read();
  } catch (const tensor::EvaluationError& e) {
    throw Refused{place(), e.message};
  } catch (const std::bad_alloc&) {
    throw Refused{place(), "there is not enough memory"};
  } catch (const std::length_error&) {
    throw Refused{place(), "it is larger than memory"};
  }
}

// The error that a user gets: place, reason, the line and a caret below it. Long lines are cut
// around the column.
Error refused_at(std::string_view text, std::string_view file, std::size_t offset,
                 std::string_view message);

// Limits on what a text may ask for.
struct Limits {
  int depth = 200;                  // of nested regions, attributes, types, calls
  std::int64_t elements = 1 << 28;  // of one value
  std::int64_t text_bytes = 1LL << 30;
};

}  // namespace jaxsmith::ir
