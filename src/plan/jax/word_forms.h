// What programs of 32-bit words share: their type, steps and rotations.
#pragma once

#include <string>

#include "plan/jax/idiom_forms.h"

namespace jaxsmith::plan {

Type words(Shape shape);  // unsigned, of 32 bits
Idiom::Part word_part(Idiom::Words names);

// A step that gives one word.
ValueId word(Idiom& i, Idiom::Words names, const std::string& form, Idiom::Ids operands);

// Words turned by a number of bits that is written out, by functions of the module.
class Rotations {
 public:
  explicit Rotations(Idiom& i) : i_(i) {}
  // Before their first use, as functions of the module are not made within others.
  void define(bool left, bool right);

  ValueId left(Idiom::Words names, ValueId x, int bits);
  ValueId right(Idiom::Words names, ValueId x, int bits);

 private:
  BodyId function(bool left);
  ValueId turned(Idiom::Words names, BodyId body, ValueId x, int bits);

  Idiom& i_;
  BodyId left_ = -1, right_ = -1;
};

}  // namespace jaxsmith::plan
