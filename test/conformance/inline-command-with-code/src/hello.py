from helpers.greeting import GREETING

print(GREETING)
