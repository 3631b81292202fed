// Takes more than it may, so that it can be seen that this is found.
//
// usage: overspend time | memory | threads | nothing
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "fuzz/metering.h"

namespace {

void spin() {
  for (volatile bool on = true; on;) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  jaxsmith::fuzz::within({}, 0, [&] {
    if (what == "time") spin();
    if (what == "threads") std::thread(spin).join();
    std::vector<std::string> held;
    for (int i = 0; what == "memory" && i < 1000; ++i) held.emplace_back(1 << 20, 'x');
  });
  std::printf("%s was not found\n", what.c_str());
}
