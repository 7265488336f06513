#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/pipeline/teacher_kinds/head.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"
#include "unlearned_folder.hpp"

using namespace preflearn;

TEST_CASE("a head is read at the end token, has a score for each response, and another file of it is refused") {
    test::unlearned_folder f("head");
    CHECK(test::contains(test::error_of([&] { (void)load_head_teacher(f.opened(), test::on_processor()); }),
                         "'files' names no head.safetensors"));
    any_scalar_head<float> head = load_scalar_head(test::on_processor(), f.files / "model");
    head.write_head([](std::span<float> v) {
        for (std::size_t j = 0; j < v.size(); ++j) v[j] = j % 2 == 0 ? 1.0f : -0.5f;
    });
    f.told.files = {write_head_file(head, f.files / "t")};
    const text_teacher teacher = load_head_teacher(f.opened(), test::on_processor());
    CHECK(teacher.gives_log_odds);
    const std::vector<shown_texts> shown{{7, "ab", {"c", "dd", ""}, {0, 1, 2}}, {8, "", {"c", "d"}, {0, 1}}};
    const judged_block judged = teacher.judge(shown);
    const std::vector<token_id> prompt{0, 1}, c{2, 4}, dd{3, 3, 4}, end{4};
    CHECK(judged.all[0].scores == std::vector{head(prompt, c), head(prompt, dd), head(prompt, end)});
    CHECK(judged.tokens == 8);
    CHECK(judged.all[1].unfit.has_value()); // nothing stands before the response
    f.told.files = {};
    f.told.policy = teacher_weights{.from = weights_from::outside};
    CHECK(test::contains(
        test::error_of([&] { (void)load_teacher_head(test::on_processor(), {.folder = "t", .description = f.told}); }),
        "a policy made of it"));
    head.write_head([](std::span<float> v) { v[0] = 3; });
    const folder_part other = write_head_file(head, f.files / "t");
    f.told.policy = teacher_weights{};
    f.told.files = {{other.path, "fnv1a64:0"}};
    CHECK(test::contains(test::error_of([&] { (void)f.opened(); }), "was changed since the teacher was made"));
}
