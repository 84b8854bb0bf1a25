// What the bench knows of itself.
#include "bench/catalogue/catalogue.hpp"

#include <nlohmann/json.hpp>

#include "bench/catalogue/figures.hpp"
#include "bench/specification/specification.hpp"
#include "bench/suite/contestants.hpp"
#include "bench/suite/general_keys.hpp"
#include "impls/http/transports.hpp"

namespace fanbench {
namespace {

using Json = nlohmann::ordered_json;

Json key_json(const Key& key) {
  Json json = {
      {"name", key.name},       {"meaning", key.meaning},
      {"example", key.example}, {"default", key.needed.empty() ? Json(default_text(key)) : Json(nullptr)},
      {"values", key.values},   {"phrase", key.phrase}};
  for (const auto& [value, phrase] : key.phrases) json["phrases"][std::string(value)] = phrase;
  return json;
}

Json keys_json(const std::vector<Key>& keys) {
  Json json = Json::array();
  for (const Key& key : keys) json.push_back(key_json(key));
  return json;
}

std::string_view to_string(Better better) {
  return better == Better::less ? "less" : better == Better::more ? "more" : "";
}

}  // namespace

Json catalogue() {
  Json workloads = Json::array(), models_ = Json::array(), transports_ = Json::array(),
       figures_ = Json::array();
  for (const Specification& row : specifications()) {
    workloads.push_back({{"name", row.workload},
                         {"short", row.in_short},
                         {"sentence", row.sentence},
                         {"example", row.example},
                         {"keys", keys_json(row.keys)}});
  }
  Json keys = keys_json(leading_keys());
  for (Json& key : keys_json(closing_keys())) keys.push_back(std::move(key));
  for (const ModelEntry& row : models())
    models_.push_back({{"name", row.name},
                       {"has_workers", row.has_workers},
                       {"has_loops", row.has_loops},
                       {"yardstick", row.yardstick},
                       {"ready", row.ready},
                       {"made", row.made},
                       {"plainer", row.plainer}});
  for (const TransportEntry& row : transports()) transports_.push_back(row.name);
  for (const Figure& row : figures()) {
    figures_.push_back({{"name", row.name},
                        {"unit", row.unit},
                        {"label", row.label},
                        {"help", row.help},
                        {"better", to_string(row.better)},
                        {"gated", row.least > 0},
                        {"least", row.least},
                        {"least_change", row.least_change},
                        {"counting", row.counting},
                        {"derived", row.derived}});
  }
  Json contestants = Json::array();
  for (const std::string& name : shipped_contestants()) contestants.push_back(name);
  return {{"workloads", std::move(workloads)},    {"keys", std::move(keys)},
          {"models", std::move(models_)},         {"contestants", std::move(contestants)},
          {"transports", std::move(transports_)}, {"figures", std::move(figures_)}};
}

}  // namespace fanbench
