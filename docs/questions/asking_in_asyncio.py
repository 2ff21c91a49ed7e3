#!/usr/bin/env python3
"""A comparison that waits for an answer, in the middle of min(), which knows nothing of it."""
import asyncio
import warnings


#! [ask]
async def price(fruit):
    await asyncio.sleep(0)  # the answer comes later
    return 3 if fruit == "apples" else 5


async def cheapest(fruits):
    return min(fruits, key=price)


async def cheapest_by_hand(fruits):
    found = None
    for fruit in fruits:
        if found is None or await price(fruit) < await price(found):
            found = fruit
    return found
#! [ask]


warnings.simplefilter("ignore")  # that a coroutine was never awaited: the error says more
try:
    print("the cheapest:", asyncio.run(cheapest(["pears", "apples"])))
except TypeError as error:
    print("TypeError:", error)
print("the cheapest, by hand:", asyncio.run(cheapest_by_hand(["pears", "apples"])))
