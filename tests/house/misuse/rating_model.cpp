// says: "Davidson's tie model is defined with the logit link"
#include <preflearn/ranking/model/board_model.hpp>

preflearn::bradley_terry_model model{.link = preflearn::probit_choice{}, .ties = preflearn::davidson_rule{}};
