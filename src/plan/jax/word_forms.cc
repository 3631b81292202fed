#include "plan/jax/word_forms.h"

namespace jaxsmith::plan {
namespace {
using Ids = Idiom::Ids;
using Words = Idiom::Words;
}  // namespace

Type words(Shape shape) { return {DType::kU32, std::move(shape)}; }

Idiom::Part word_part(Words names) { return {std::move(names), words({}), kWord}; }

ValueId word(Idiom& i, Words names, const std::string& form, Ids operands) {
  return i.let(std::move(names), form, std::move(operands), words({}), kWord);
}

void Rotations::define(bool left, bool right) {
  if (left) left_ = function(true);
  if (right) right_ = function(false);
}

ValueId Rotations::left(Words names, ValueId x, int bits) {
  return turned(std::move(names), left_, x, bits);
}

ValueId Rotations::right(Words names, ValueId x, int bits) {
  return turned(std::move(names), right_, x, bits);
}

BodyId Rotations::function(bool left) {
  const std::string form =
      left ? i_.either({"($0 << $1) | ($0 >> (32 - $1))", "($0 << $1) ^ ($0 >> (32 - $1))"})
           : i_.either({"($0 >> $1) | ($0 << (32 - $1))", "($0 >> $1) ^ ($0 << (32 - $1))"});
  return i_.helper(
      left ? Words{"rotl", "rotate_left", "rol"} : Words{"rotr", "rotate_right", "ror"},
      left ? "Rotate a 32-bit word to the left." : "Rotate a 32-bit word to the right.",
      {word_part({"x", "word"}), {{"n", "bits"}, words({}), {1, 31}}},
      [&](const Ids& p) { return Ids{word(i_, {"rotated"}, form, p)}; });
}

ValueId Rotations::turned(Words names, BodyId body, ValueId x, int bits) {
  if (body < 0) Idiom::fail();
  return i_.call(std::move(names), body, {x, i_.builder().literal(bits, DType::kU32)}, words({}),
                 kWord);
}

}  // namespace jaxsmith::plan
