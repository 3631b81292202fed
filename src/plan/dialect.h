// Other words for the same: people write modules with functions in the place of operators, with
// names of another standard, or with the functions of the module below. A family speaks one of
// these dialects in the steps of its idioms, or none (source/dialect.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jaxsmith::plan {

// What a word asks of what its holes stand for. Its subject is the one of the highest rank.
enum class Operands : std::uint8_t {
  kAny,    // an array among them
  kSame,   // one element type, literals of Python's default one; ranks alike, or numbers
  kAlike,  // and shapes alike, or numbers
  kChoice  // a truth value for each element or for all, then arrays of one type
};

struct Word {
  std::string usual, here;  // spellings with the same holes: "jnp.exp($0)", "lax.exp($0)"
  Operands operands = Operands::kAny;
  std::uint32_t kinds = 0;   // that the subject's element type may be of (plan::Kinds); 0: any
  bool gives_truth = false;  // whether the result has truth values, or the subject's type
  int rank = -1;             // of the subject; negative: any
};

struct Dialect {
  std::string name;
  double share = 0;  // of the families
  std::vector<Word> words = {};
};

}  // namespace jaxsmith::plan
