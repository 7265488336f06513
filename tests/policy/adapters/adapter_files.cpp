#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <preflearn/policy/adapters/adapter_files.hpp>
#include <preflearn/policy/files/load.hpp>

#include "../../files.hpp"
#include "../golden.hpp"
#include "../models.hpp"
#include "adapters.hpp"

using namespace preflearn;
using decoder_model = transformer<double>;

namespace {

std::filesystem::path golden_adapter(const std::string& family) { return test::golden_folder(family) / "adapter"; }

/// A small Llama with names of tensors as in Hugging Face's files.
decoder_model plain() { return decoder_model(test::grouped(), generator(1, "weights")); }

/// A folder with the golden adapter's settings, changed, and its tensors, of which some may be left out or renamed.
template <class Change, class Keep>
std::filesystem::path changed_adapter(const test::folder& folder, const Change& change, const Keep& keep) {
    const std::filesystem::path golden = golden_adapter("llama_llama3");
    nlohmann::json settings = nlohmann::json::parse(std::ifstream(golden / "adapter_config.json"));
    change(settings);
    folder.write("adapter_config.json", settings.dump());
    const checkpoint_file file = read_safetensors(golden / "adapter_model.safetensors");
    std::vector<tensor_view> tensors;
    for (tensor_view tensor : file.tensors())
        if (keep(tensor)) tensors.push_back(tensor);
    write_safetensors(folder / "adapter_model.safetensors", tensors);
    return folder.path();
}

std::string refusal(const std::filesystem::path& folder) {
    static const auto base = load_transformer<double>(test::golden_folder("llama_llama3"), trained_tensors::none());
    return test::error_of([&] { (void)load_adapter(base, folder); });
}

/// The row of a file's matrix that holds row `r` of ours.
std::size_t row_in_file(const tensor_place& place, std::size_t r, const transformer_config& config) {
    const stored_form form = place.entry.hugging_face.form;
    return form == stored_form::by_head ? stored_row(form, r, config) : r;
}

/// PEFT's log-probabilities and gradients of every A and B: see golden/make_adapters.py.
template <class Model> void check_golden_adapter(Model m, const std::string& family, double close) {
    const nlohmann::json golden = read_json_file(golden_adapter(family) / "adapter_golden.json");
    test::completions c;
    for (const auto& each : golden["completions"])
        c.add(each["prompt"].get<std::vector<token_id>>(), each["response"].get<std::vector<token_id>>());
    auto pass = m.forward(c.views());
    for (std::size_t i = 0; i < c.prompts.size(); ++i) {
        const auto expected = golden["token_log_probs"][i].get<std::vector<double>>();
        for (std::size_t j = 0; j < expected.size(); ++j)
            CHECK(std::abs(pass.token_scores(i)[j] - expected[j]) < close);
    }
    m.backward(std::move(pass), golden["weights"].get<std::vector<double>>());
    const checkpoint_file file = read_safetensors(golden_adapter(family) / "gradients.safetensors");
    std::size_t checked = 0;
    for (const adapted_product& product : m.weights().adapters().products()) {
        for (std::size_t p = 0; p < product.count; ++p) {
            const adapter_place& part = product.parts[p];
            const tensor_place& place = m.layout().tensors()[part.adapted.tensor];
            for (const bool up : {false, true}) {
                const weight_block& block = up ? part.up : part.down;
                const std::string name =
                    "base_model.model." + module_name(place) + (up ? ".lora_B.weight" : ".lora_A.weight");
                CAPTURE(name);
                const auto expected = all_values<double>(file.at(name));
                double difference = 0, norm = 0;
                for (std::size_t i = 0; i < block.size(); ++i) {
                    const std::size_t r = i / block.columns, there = up ? row_in_file(place, r, m.config()) : r;
                    const double value = expected[there * block.columns + i % block.columns];
                    difference += std::pow(static_cast<double>(m.gradients()[block.offset + i]) - value, 2);
                    norm += value * value;
                }
                CHECK(std::sqrt(difference) <= 10 * close * std::sqrt(norm));
                ++checked;
            }
        }
    }
    CHECK(checked == file.tensors().size());
}

} // namespace

TEST_CASE("an adapter that PEFT wrote has PEFT's log-probabilities and gradients, of weights trained or stored") {
    for (const char* const family : {"llama_llama3", "gpt2", "gpt_neox"}) {
        CAPTURE(family);
        for (const trained_tensors& trained : {trained_tensors{}, trained_tensors::none()})
            check_golden_adapter(
                load_adapter(load_transformer<double>(test::golden_folder(family), trained), golden_adapter(family)),
                family, 1e-10);
        const auto single = load_transformer<float>(test::golden_folder(family), trained_tensors::none());
        check_golden_adapter(load_adapter(single, golden_adapter(family)), family, 1e-4);
    }
    const auto llama = load_transformer<double>(test::golden_folder("llama_llama3"), trained_tensors::none());
    const auto m = load_adapter(llama, golden_adapter("llama_llama3"));
    CHECK(m.weights().adapters().dropout() == 0.1);
    CHECK(m.weights().adapters().products()[0].parts[0].scale == doctest::Approx(2 / std::sqrt(3.0)));
    CHECK(m.weights().frozen(0).bytes.data() == llama.weights().frozen(0).bytes.data());
}

TEST_CASE("an adapter that was read is written with the same names, numbers and settings") {
    const test::folder folder;
    for (const char* const family : {"llama_llama3", "gpt2", "gpt_neox"}) {
        const auto base = load_transformer<float>(test::golden_folder(family), trained_tensors::none());
        save_adapter(load_adapter(base, golden_adapter(family)), folder.path(), family);
        const checkpoint_file theirs = read_safetensors(golden_adapter(family) / "adapter_model.safetensors"),
                              ours = read_safetensors(folder / "adapter_model.safetensors");
        CHECK(theirs.tensors().size() == ours.tensors().size());
        for (const tensor_view& tensor : theirs.tensors())
            CHECK(std::ranges::equal(ours.at(tensor.name).bytes, tensor.bytes));
        auto written = read_json_file(folder / "adapter_config.json");
        std::sort(written["target_modules"].begin(), written["target_modules"].end());
        const auto read = read_json_file(golden_adapter(family) / "adapter_config.json");
        for (const auto& [name, value] : written.items())
            if (name != "rank_pattern") CHECK(read.at(name) == value); // one by name, one by its end
    }
}

TEST_CASE("an adapter is read back as it was written, with its scale, dropout and layers") {
    const test::folder folder;
    const decoder_model base = plain();
    const auto with_noise = [&](const adapter_options& options) {
        decoder_model m = with_adapter(base, options);
        const auto noise = test::normals(m.parameters().size(), 3, 0.3);
        std::ranges::copy(noise, m.parameters().begin());
        return m;
    };
    for (const adapter_options& options :
         {adapter_options{.rank = 2, .alpha = 3, .dropout = 0.2},
          adapter_options{.rank = 4, .alpha = 1, .rank_stabilised = true, .targets = {"q_proj", "mlp.down_proj"}},
          adapter_options{.targets = {"all-linear"}, .layers = {1}}}) {
        const decoder_model m = with_noise(options);
        save_adapter(m, folder.path(), "org/model");
        const decoder_model again = load_adapter(base, folder.path());
        CHECK(std::ranges::equal(again.parameters(), m.parameters()));
        CHECK(again.weights().adapters().identity() == m.weights().adapters().identity());
        CHECK(again.log_probs(test::mixed().views()) == m.log_probs(test::mixed().views()));
    }
    const auto settings = nlohmann::json::parse(test::read(folder / "adapter_config.json"));
    CHECK(settings["base_model_name_or_path"] == "org/model");
    CHECK(settings["target_modules"].size() == 7); // by name, since layer 0 has none
    CHECK(settings["target_modules"][0] == "model.layers.1.self_attn.q_proj");
}

TEST_CASE("modules may have ranks and alphas of their own") {
    const test::folder folder;
    const decoder_model base = plain();
    decoder_model m = with_adapters(base, {.tensors = {{.tensor = 2, .rank = 2, .alpha = 4},
                                                       {.tensor = 4, .rank = 3, .alpha = 4},
                                                       {.tensor = 5, .rank = 2, .alpha = 1}}});
    const auto noise = test::normals(m.parameters().size(), 3, 0.3);
    std::ranges::copy(noise, m.parameters().begin());
    save_adapter(m, folder.path());
    const decoder_model again = load_adapter(base, folder.path());
    CHECK(again.weights().adapters().identity() == m.weights().adapters().identity());
    CHECK(std::ranges::equal(again.parameters(), m.parameters()));
}

TEST_CASE("what does not fit is refused by name") {
    const auto all = [](const tensor_view&) { return true; };
    const auto same = [](nlohmann::json&) {};
    const test::folder folder;
    const auto with = [&](const char* name, const nlohmann::json& value) {
        return refusal(changed_adapter(
            folder, [&](nlohmann::json& settings) { settings[name] = value; }, all));
    };
    CHECK(refusal(changed_adapter(folder, same, all)).empty());
    CHECK(with("peft_type", "IA3").ends_with("peft_type: \"LORA\" was expected, found \"IA3\""));
    CHECK(with("bias", "all").ends_with("bias: only \"none\" is supported, found \"all\""));
    for (const char* const name : {"use_dora", "lora_bias", "use_qalora", "something_new"})
        CHECK(with(name, true)
                  .ends_with(std::string(name) + ": plain LoRA, which has no such setting, was expected, found true"));
    CHECK(with("modules_to_save", {"lm_head"}).find("found [\"lm_head\"]") != std::string::npos);
    CHECK(with("init_lora_weights", "pissa").find("found \"pissa\"") != std::string::npos);
    CHECK(with("init_lora_weights", "gaussian").empty());
    CHECK(with("rank_pattern", {{"q_.*", 2}}).ends_with("names of modules were expected, found the expression 'q_.*'"));
    CHECK(with("rank_pattern", {{"q_proj", -2}}).find("a whole number from 1 to 65536") != std::string::npos);
    CHECK(with("r", 4).ends_with(": shape [4, 16] was expected, found [3, 16]"));
    CHECK(with("r", 0).find("r: a rank from 1") != std::string::npos);
    CHECK(with("lora_dropout", 1).find("lora_dropout: a number from 0 to below 1 was expected") != std::string::npos);
    CHECK(with("target_modules", {"q_proj", "k_proj"})
              .find("names the module 'model.layers.0.self_attn.k_proj', which "
                    "has no tensors here") != std::string::npos);
    CHECK(with("target_modules", {"q_proj"}).find("which adapter_config.json does not name") != std::string::npos);
    CHECK(with("target_modules", ".*proj").empty()); // an expression: the tensors say it
    CHECK(with("target_modules", nullptr).find("a list of modules was expected, found nothing") != std::string::npos);
    CHECK(with("layers_to_transform", {0}).find("which adapter_config.json does not name") != std::string::npos);
    const auto without = [&](const char* part) {
        return refusal(
            changed_adapter(folder, same, [&](tensor_view& t) { return t.name.find(part) == std::string::npos; }));
    };
    CHECK(without("layers.0.self_attn.q_proj.lora_B")
              .ends_with("the module 'model.layers.0.self_attn.q_proj' has no lora_B.weight"));
    CHECK(without("layers.1.mlp.up_proj").find("'model.layers.1.mlp.up_proj', which has no tensors") !=
          std::string::npos);
    const auto renamed = [&](const std::string& from, const std::string& to) {
        return refusal(changed_adapter(folder, same, [&](tensor_view& t) {
            if (const std::size_t at = t.name.find(from); at != std::string::npos) t.name.replace(at, from.size(), to);
            return true;
        }));
    };
    CHECK(renamed("model.layers.0.mlp.up_proj", "lm_head").find("'model.layers.0.mlp.up_proj', which has no tensors") !=
          std::string::npos);
    CHECK(
        renamed("base_model.model.", "").find("base_model.model.MODULE.lora_A.weight or .lora_B.weight was expected") !=
        std::string::npos);
    CHECK(renamed("layers.0.", "layers.7.").find("'model.layers.0.") != std::string::npos);
    CHECK(renamed("q_proj.lora_A.weight", "q_proj.lora_magnitude_vector").find("lora_magnitude_vector") !=
          std::string::npos);
}

TEST_CASE("an adapter of a module that has none here is refused with those that there are") {
    const test::folder folder;
    const auto drop_targets = [](nlohmann::json& settings) { settings["target_modules"] = ".*"; };
    const std::string told = refusal(changed_adapter(folder, drop_targets, [](tensor_view& t) {
        if (t.name.find("layers.0.mlp.up_proj") != std::string::npos)
            t.name = "base_model.model.lm_head" + t.name.substr(t.name.find(".lora_"));
        return true;
    }));
    CHECK(told.ends_with("the module 'lm_head' is no matrix of attention or MLP of this model, which has q_proj, "
                         "k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj"));
}

TEST_CASE("adapter_model.bin is refused with the line that converts it") {
    const test::folder folder;
    folder.write("adapter_model.bin", "");
    folder.write("adapter_config.json", "{}");
    CHECK(refusal(folder.path()).find("adapter_model.bin is not read; convert it: python -c") != std::string::npos);
}

TEST_CASE("a model without an adapter has none to be written") {
    const test::folder folder;
    CHECK_THROWS_WITH_AS(save_adapter(plain(), folder.path()), doctest::Contains("the model has no adapter"),
                         argument_error);
}
