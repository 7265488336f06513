#include <doctest/doctest.h>

#include <vector>

#include <preflearn/compiled/models.hpp>
#include <preflearn/policy/files/save.hpp>

#include "../files.hpp"
#include "../policy/models.hpp"

using namespace preflearn;

TEST_CASE("a compiled model loads what was saved, and scores it to the same bits") {
    const test::folder folder;
    const transformer<float> model(test::grouped(), generator(1, "weights"));
    save_transformer(model, folder.path());
    const transformer<float> loaded = load_transformer<float>(folder.path());
    const test::completions some = test::mixed();
    CHECK(loaded.log_probs(some.views()) == model.log_probs(some.views()));
    CHECK(test::contains(test::error_of([&] { (void)load_text_policy<float>(folder.path()); }), "tokenizer.json"));
}
