.PHONY: sync check test run hooks

sync:   # notebooks -> modules and README.md; deletes first, as nbdev_export never removes a renamed notebook's module
	find heurlens -name '*.py' -delete
	nbdev_clean
	nbdev_export
	python tools/book.py

check:  # what is committed agrees with itself
	python tools/check.py

test:
	nbdev_test --timing

run:    # make run NB=nbs/20_sgdr.ipynb FLAGS="slow"
	python tools/run.py --flags "$(FLAGS)" $(NB)

hooks:  # once a clone
	git config core.hooksPath .githooks
