// What processes exchange one by one: channels, infeed, outfeed; and programs that are started on
// several of them. Rules: the StableHLO specification of infeed, outfeed, recv and send, and the
// dialect of its interpreter.
#include <fmt/format.h>

#include "ir/stablehlo/rules.h"

namespace jaxsmith::stablehlo {

namespace {

// As many values as the operation declares, of the types that it does.
void require_types(const Call& c, const Results& values, std::size_t count) {
  if (values.size() != count)
    invalid(fmt::format("{} gets {} values, {} are declared", c.op().name, values.size(), count));
  for (std::size_t i = 0; i < count; ++i) {
    const Type& type = c.result_type(i);
    const bool token = values[i].kind == Datum::Kind::kToken;
    const bool same = token ? type.kind == Type::Kind::kToken
                            : type.is_array() && values[i].as_array().same_type(type.abstract());
    if (!same) invalid(fmt::format("value {} is not {}", i, type.text()));
  }
}

// Results of types alone, the last one a token.
Results declared(const Call& c) {
  Results out;
  for (std::size_t i = 0; i + 1 < c.result_count(); ++i) {
    const Type& type = c.result_type(i);
    if (!type.is_array()) tensor::unsupported("values of type " + type.text() + " from elsewhere");
    out.push_back(type.abstract());
  }
  if (c.result_count() == 0 || c.result_type(c.result_count() - 1).kind != Type::Kind::kToken)
    invalid(c.op().name + " does not give a token last");
  out.emplace_back();
  return out;
}

}  // namespace

Results infeed_rule(const Call& c) {
  if (c.size() != 1 || c.datum(0).kind != Datum::Kind::kToken) invalid("infeed takes a token");
  Results out = declared(c);
  if (c.abstract()) return out;
  const auto function = c.next_infeed();
  if (!function) tensor::unsupported("there is nothing in the infeed");
  out = c.call(*function, {});
  require_types(c, out, c.result_count() - 1);
  out.emplace_back();
  return out;
}

// What is fed out goes nowhere.
Results outfeed_rule(const Call& c) {
  if (c.size() == 0 || c.datum(c.size() - 1).kind != Datum::Kind::kToken)
    invalid("outfeed takes a token last");
  return {Datum()};
}

namespace {

// The channel between two devices, or the one that has no ends where none are said: an id, the
// source and the target. Nothing where this device is no end of any.
std::optional<ir::Devices::Channel> channel_of(const Call& c, bool sends) {
  const Attr& handle = c.need("channel_handle");
  const std::int64_t id = Call::integer_in(handle, "handle", 0);
  const Attr* pairs = c.attribute("source_target_pairs");
  const Ints numbers = c.ints("source_target_pairs");
  if (!pairs || numbers.empty()) return ir::Devices::Channel{id};
  const ir::Place place = c.place();
  const std::int64_t own =
      place.devices->partitions() > 1 && id > 0 ? place.partition() : place.replica();
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2)
    if (numbers[i + (sends ? 0 : 1)] == own)
      return ir::Devices::Channel{id, numbers[i], numbers[i + 1]};
  return std::nullopt;
}

}  // namespace

Results send_rule(const Call& c) {
  if (c.size() == 0 || c.datum(c.size() - 1).kind != Datum::Kind::kToken)
    invalid("send takes a token last");
  if (c.abstract()) return {Datum()};
  if (!c.place().devices) tensor::unsupported("send from a program on one device");
  Results values;
  for (std::size_t i = 0; i + 1 < c.size(); ++i) values.push_back(c.datum(i));
  if (const auto channel = channel_of(c, true)) c.place().devices->send(*channel, values);
  return {Datum()};
}

Results recv_rule(const Call& c) {
  if (c.size() != 1 || c.datum(0).kind != Datum::Kind::kToken) invalid("recv takes a token");
  Results out = declared(c);
  if (c.abstract()) return out;
  const ir::Place place = c.place();
  if (!place.devices) tensor::unsupported("recv in a program on one device");
  const auto channel = channel_of(c, false);
  if (channel) {
    out = place.devices->receive(place.device, *channel);
    require_types(c, out, c.result_count() - 1);
  } else {
    out.pop_back();
    for (Datum& d : out) d = c.make().zeros(d.as_array().dtype(), d.as_array().shape());
  }
  out.emplace_back();
  return out;
}

// ---- Programs on several processes ----

namespace {

// @f, or "f" as older texts have it.
std::string function_named(const Attr& a) {
  if (a.kind == Attr::Kind::kSymbol) return a.text.substr(1);
  if (a.kind != Attr::Kind::kString) invalid("a program is named by a symbol");
  return a.text;
}

// [[@f, @g], [@f, @g]], by replica and partition; or a list, with num_replicas and num_partitions.
std::vector<std::vector<std::string>> programs_of(const Call& c) {
  std::vector<std::vector<std::string>> out;
  const Attr& rows = c.need("programs");
  const auto partitions =
      static_cast<std::size_t>(std::max<std::int64_t>(c.integer("num_partitions", 1), 1));
  for (const Attr& row : rows.items) {
    if (row.kind == Attr::Kind::kArray) {
      out.emplace_back();
      for (const Attr& name : row.items) out.back().push_back(function_named(name));
    } else {
      if (out.empty() || out.back().size() == partitions) out.emplace_back();
      out.back().push_back(function_named(row));
    }
  }
  if (out.empty() || out[0].empty()) invalid("there are no programs");
  for (const auto& row : out)
    if (row.size() != out[0].size()) invalid("replicas have different numbers of partitions");
  return out;
}

}  // namespace

Results run_parallel_rule(const Call& c) {
  std::deque<std::string> infeed;
  if (const Attr* names = c.attribute("infeed"))
    for (const Attr& name : names->items) infeed.push_back(function_named(name));
  return c.run_on_devices(programs_of(c), std::move(infeed));
}

}  // namespace jaxsmith::stablehlo
