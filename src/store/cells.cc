#include "store/cells.h"

#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <limits>

namespace jaxsmith::store {
namespace {

using arrow::Type;

// The cell itself: behind dictionaries and extensions. Nothing where it is null.
struct Plain {
  std::shared_ptr<arrow::Array> kept;  // what an extension stands on
  const arrow::Array* array = nullptr;
  std::int64_t at = 0;
};

Result<std::optional<Plain>> plain(const Cell& cell) {
  Plain out{nullptr, &cell.array, cell.at};
  for (;;) {
    if (out.array->IsNull(out.at)) return std::optional<Plain>();
    if (out.array->type_id() == Type::DICTIONARY) {
      const auto& d = static_cast<const arrow::DictionaryArray&>(*out.array);
      const std::int64_t index = d.GetValueIndex(out.at);
      if (index < 0 || index >= d.dictionary()->length())
        return Error::environment(
            fmt::format("it is entry {} of a dictionary of {}", index, d.dictionary()->length()));
      out.array = d.dictionary().get();
      out.at = index;
    } else if (out.array->type_id() == Type::EXTENSION) {
      out.kept = static_cast<const arrow::ExtensionArray&>(*out.array).storage();
      out.array = out.kept.get();
    } else {
      return std::optional<Plain>(std::move(out));
    }
  }
}

Error no(const char* what, const arrow::Array& array) {
  return Error::environment(fmt::format("it is {}, not {}", array.type()->ToString(), what));
}

template <class Array>
std::string view_of(const Plain& p) {
  return std::string(static_cast<const Array&>(*p.array).GetView(p.at));
}

template <class Array>
std::shared_ptr<arrow::Array> items_of(const Plain& p) {
  return static_cast<const Array&>(*p.array).value_slice(p.at);
}

template <class Array>
std::int64_t value_of(const Plain& p) {
  return static_cast<std::int64_t>(static_cast<const Array&>(*p.array).Value(p.at));
}

Result<std::string> bytes_of(const Plain& p) {
  switch (p.array->type_id()) {
    case Type::STRING:
    case Type::BINARY:
      return view_of<arrow::BinaryArray>(p);
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return view_of<arrow::LargeBinaryArray>(p);
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return view_of<arrow::BinaryViewArray>(p);
    case Type::FIXED_SIZE_BINARY:
      return view_of<arrow::FixedSizeBinaryArray>(p);
    default:
      return no("a string", *p.array);
  }
}

Result<std::int64_t> integer_of(const Plain& p) {
  switch (p.array->type_id()) {
    case Type::INT8:
      return value_of<arrow::Int8Array>(p);
    case Type::INT16:
      return value_of<arrow::Int16Array>(p);
    case Type::INT32:
      return value_of<arrow::Int32Array>(p);
    case Type::INT64:
      return value_of<arrow::Int64Array>(p);
    case Type::UINT8:
      return value_of<arrow::UInt8Array>(p);
    case Type::UINT16:
      return value_of<arrow::UInt16Array>(p);
    case Type::UINT32:
      return value_of<arrow::UInt32Array>(p);
    case Type::UINT64: {
      const std::uint64_t value = static_cast<const arrow::UInt64Array&>(*p.array).Value(p.at);
      if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        return Error::environment(fmt::format("{} is more than an int64 holds", value));
      return static_cast<std::int64_t>(value);
    }
    default:
      return no("an integer", *p.array);
  }
}

Result<std::shared_ptr<arrow::Array>> list_of(const Plain& p) {
  switch (p.array->type_id()) {
    case Type::LIST:
      return items_of<arrow::ListArray>(p);
    case Type::LARGE_LIST:
      return items_of<arrow::LargeListArray>(p);
    case Type::LIST_VIEW:
      return items_of<arrow::ListViewArray>(p);
    case Type::LARGE_LIST_VIEW:
      return items_of<arrow::LargeListViewArray>(p);
    case Type::FIXED_SIZE_LIST:
      return items_of<arrow::FixedSizeListArray>(p);
    default:
      return no("a list", *p.array);
  }
}

Result<bool> bool_of(const Plain& p) {
  if (p.array->type_id() != Type::BOOL) return no("a bool", *p.array);
  return static_cast<const arrow::BooleanArray&>(*p.array).Value(p.at);
}

template <class T>
Result<std::optional<T>> read(const Cell& cell, Result<T> (*of)(const Plain&)) {
  JAXSMITH_TRY(found, plain(cell));
  if (!found) return std::optional<T>();
  JAXSMITH_TRY(value, of(*found));
  return std::optional<T>(std::move(value));
}

}  // namespace

Result<std::optional<std::string>> bytes_cell(const Cell& cell) { return read(cell, bytes_of); }

Result<std::optional<std::string>> text_cell(const Cell& cell) {
  auto out = bytes_cell(cell);
  if (!out.ok() || !out.value()) return out;
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(*out.value())) return Error::environment("it is no UTF-8");
  return out;
}

Result<std::optional<std::int64_t>> integer_cell(const Cell& cell) {
  return read(cell, integer_of);
}

Result<std::optional<bool>> bool_cell(const Cell& cell) { return read(cell, bool_of); }

Result<std::optional<std::shared_ptr<arrow::Array>>> list_cell(const Cell& cell) {
  return read(cell, list_of);
}

}  // namespace jaxsmith::store
