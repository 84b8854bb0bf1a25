// A C++ client that takes part (impls/external/PROTOCOL.md): a line of JSON in, a line of JSON out. loop.hpp
// has the HTTP client, workloads.cpp what is done with it.
#include <iostream>
#include <memory>
#include <optional>

#include "workloads.hpp"

using nlohmann::json;

const std::map<std::string, void (*)(Run&)> workloads = {
    {"gather", gather},           {"all_settled", all_settled},
    {"task_group", task_group},   {"first_completed", first_completed},
    {"timeout", timeout},         {"semaphore", semaphore},
    {"worker_pool", worker_pool}, {"retry", retry},
};

json hello() {
  json names = json::array();
  for (const auto& [name, function] : workloads) names.push_back(name);
  return {{"hello", "cpp_example"},
          {"protocol", 1},
          {"versions", std::string("libcurl ") + curl_version_info(CURLVERSION_NOW)->version},
          {"workloads", names}};
}

std::unique_ptr<Loop> prepare(const json& said) {
  const std::string server = "http://" + said["host"].get<std::string>() + ":" + said["port"].dump();
  auto loop = std::make_unique<Loop>(server, said["connection"] == "reuse");
  for (int i = 0; i < said["connections"]; ++i) loop->get(said["warm_path"], [](const Reply&) {});
  loop->run();
  return loop;
}

int main() {
  curl_global_init(CURL_GLOBAL_ALL);
  std::unique_ptr<Loop> loop;
  std::optional<Run> run;
  for (std::string line; std::getline(std::cin, line);) {
    const Clock::time_point read = Clock::now();
    const json said = json::parse(line);
    json answer;
    if (said["do"] == "hello") {
      answer = hello();
    } else if (said["do"] == "prepare") {
      loop = prepare(said);
      answer["ready"] = true;
    } else if (said["do"] == "run") {
      run.emplace(said, *loop, read);
      if (said["watchdog"]) run->keep_beating();
      workloads.at(said["workload"])(*run);
      answer["done"] = true;
    } else if (said["do"] == "report") {
      run->write(said["path"]);
      answer["written"] = true;
    }
    std::cout << answer << std::endl;
  }
}
