"""The parts that build the sample town; `make_shuixiang.py` beside this folder puts them together."""
