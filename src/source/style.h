// How a family's functions are written, where several ways are as good.
#pragma once

#include "base/random.h"

namespace jaxsmith::source {

struct Style {
  int nesting = 2;  // how deep calls may nest in one expression
  double inline_chance = 0.8;
  double lambda_chance = 0.4;
  bool annotations = false;
  double docstring_chance = 0.25;
  double summary_chance = 0.4;  // of a docstring where the function has a purpose
  double comment_chance = 0;
  bool long_names = false;       // jax.lax.scan rather than lax.scan
  bool keyword_only = false;     // settings with defaults
  bool annotated_packs = false;  // parameters that are of a class of the module
  bool field_shapes = false;     // as comments behind a class's fields
  bool named_results = false;    // a class rather than a dict

  static Style draw(Random random);
};

}  // namespace jaxsmith::source
