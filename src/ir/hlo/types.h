// Between what HLO text says and arrays: element types, shapes with their layouts, constants.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ir/common/datum.h"
#include "ir/hlo/module.h"

namespace jaxsmith::hlo {

using tensor::Array;
using tensor::DType;
using tensor::Ints;
using tensor::invalid;

using ir::Datum;

// "s32", "pred", "f8e4m3fn"; nothing for a type that no array can have.
std::optional<DType> dtype_named(std::string_view name);
std::string hlo_name(DType dtype);

// The shape's abstract datum. Errors (as EvaluationErrors, also below): it is absent, dynamic, of a
// type without arrays, or has a layout that is none.
Datum abstract_of(const Shape& shape);
bool has_type(const Datum& datum, const Shape& shape);
bool same_type(const Datum& a, const Datum& b);
// "f32[2,3]", "(s32[], token[])".
std::string type_text(const Datum& datum);

// The dimensions from major to minor; row-major where the shape has no layout.
Ints major_to_minor(const Shape& shape);

// Errors: a number that is none or out of its type's range.
Datum constant_of(const tensor::EvaluationContext& context, const Literal& literal,
                  const Shape& shape);

}  // namespace jaxsmith::hlo
